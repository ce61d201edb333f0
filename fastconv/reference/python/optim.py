"""One step of each optimizer on many parameters, in place, one element at a time."""

import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from numpy.typing import NDArray

from .store import store


def together(*roles: list[NDArray[Any]] | None) -> Iterator[tuple[Any, ...]]:
    """Give each parameter with its gradient and state; a state that is None is None for every parameter."""
    return zip(*(repeat(None) if arrays is None else arrays for arrays in roles), strict=False)


def square_root(x: float) -> float:
    """Return the root as IEEE 754 has it: NaN of a negative number, not an exception."""
    return math.nan if x < 0.0 else math.sqrt(x)


def sgd(
    params: list[NDArray[Any]],
    grads: list[NDArray[Any]],
    momentum_buffers: list[NDArray[Any]] | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    first_step: bool,
) -> None:
    """Take theta -= lr g; with a buffer b = momentum b + (1 - dampening) g, which starts as g, theta -= lr b.

    Nesterov: theta -= lr (g + momentum b). Here and below weight_decay adds weight_decay * theta to g first.
    """
    for param, grad, momentum_buffer in together(params, grads, momentum_buffers):
        parameters = param.reshape(-1).tolist()
        gradients = grad.reshape(-1).tolist()
        buffer = [] if momentum_buffer is None else momentum_buffer.reshape(-1).tolist()
        for i, g in enumerate(gradients):
            if weight_decay:
                g += weight_decay * parameters[i]
            if momentum_buffer is not None:
                buffer[i] = g if first_step else momentum * buffer[i] + (1.0 - dampening) * g
                g = g + momentum * buffer[i] if nesterov else buffer[i]
            parameters[i] -= lr * g
        store(param, parameters)
        if momentum_buffer is not None:
            store(momentum_buffer, buffer)


def adagrad(
    params: list[NDArray[Any]],
    grads: list[NDArray[Any]],
    sums: list[NDArray[Any]],
    lr: float,
    weight_decay: float,
    eps: float,
    eps_inside_sqrt: bool,
) -> None:
    """Take s += g^2; theta -= lr g / (sqrt(s) + eps)."""
    for param, grad, sum in together(params, grads, sums):
        parameters = param.reshape(-1).tolist()
        gradients = grad.reshape(-1).tolist()
        squares = sum.reshape(-1).tolist()
        for i, g in enumerate(gradients):
            if weight_decay:
                g += weight_decay * parameters[i]
            squares[i] += g * g
            root = square_root(squares[i] + eps) if eps_inside_sqrt else square_root(squares[i]) + eps
            parameters[i] -= lr * g / root
        store(param, parameters)
        store(sum, squares)


def rmsprop(
    params: list[NDArray[Any]],
    grads: list[NDArray[Any]],
    square_avgs: list[NDArray[Any]],
    grad_avgs: list[NDArray[Any]] | None,
    momentum_buffers: list[NDArray[Any]] | None,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    eps_inside_sqrt: bool,
) -> None:
    """Take v = alpha v + (1 - alpha) g^2; theta -= lr g / (sqrt(v) + eps).

    With `grad_avgs`, the moving average of g, its square is taken off v; with a buffer, theta -= lr * buffer.
    """
    states = (square_avgs, grad_avgs, momentum_buffers)
    for param, grad, square_avg, grad_avg, momentum_buffer in together(params, grads, *states):
        parameters = param.reshape(-1).tolist()
        gradients = grad.reshape(-1).tolist()
        squares = square_avg.reshape(-1).tolist()
        means = [] if grad_avg is None else grad_avg.reshape(-1).tolist()
        buffer = [] if momentum_buffer is None else momentum_buffer.reshape(-1).tolist()
        for i, g in enumerate(gradients):
            if weight_decay:
                g += weight_decay * parameters[i]
            squares[i] = alpha * squares[i] + (1.0 - alpha) * (g * g)
            variance = squares[i]
            if grad_avg is not None:
                means[i] = alpha * means[i] + (1.0 - alpha) * g
                variance -= means[i] * means[i]
                if variance < 0.0:
                    variance = 0.0
            step = g / (square_root(variance + eps) if eps_inside_sqrt else square_root(variance) + eps)
            if momentum_buffer is not None:
                buffer[i] = momentum * buffer[i] + step
                step = buffer[i]
            parameters[i] -= lr * step
        store(param, parameters)
        store(square_avg, squares)
        if grad_avg is not None:
            store(grad_avg, means)
        if momentum_buffer is not None:
            store(momentum_buffer, buffer)


def adam(
    params: list[NDArray[Any]],
    grads: list[NDArray[Any]],
    exp_avgs: list[NDArray[Any]],
    exp_avg_sqs: list[NDArray[Any]],
    max_exp_avg_sqs: list[NDArray[Any]] | None,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
    decoupled: bool,
    eps_inside_sqrt: bool,
) -> None:
    """Take both moving averages of g and g^2, undo their start at 0, and theta -= lr m / (sqrt(v) + eps).

    `decoupled` shrinks theta by lr * weight_decay instead of adding weight_decay * theta to g (AdamW).
    """
    correction1 = 1.0 - beta1**step
    correction2 = 1.0 - beta2**step
    states = (exp_avgs, exp_avg_sqs, max_exp_avg_sqs)
    for param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq in together(params, grads, *states):
        parameters = param.reshape(-1).tolist()
        gradients = grad.reshape(-1).tolist()
        means = exp_avg.reshape(-1).tolist()
        squares = exp_avg_sq.reshape(-1).tolist()
        largest = [] if max_exp_avg_sq is None else max_exp_avg_sq.reshape(-1).tolist()
        for i, g in enumerate(gradients):
            if weight_decay and decoupled:
                parameters[i] -= lr * weight_decay * parameters[i]
            elif weight_decay:
                g += weight_decay * parameters[i]
            means[i] = beta1 * means[i] + (1.0 - beta1) * g
            squares[i] = beta2 * squares[i] + (1.0 - beta2) * (g * g)
            variance = squares[i]
            if max_exp_avg_sq is not None:
                if variance > largest[i] or variance != variance:
                    largest[i] = variance
                variance = largest[i]
            variance /= correction2
            root = square_root(variance + eps) if eps_inside_sqrt else square_root(variance) + eps
            parameters[i] -= lr * (means[i] / correction1) / root
        store(param, parameters)
        store(exp_avg, means)
        store(exp_avg_sq, squares)
        if max_exp_avg_sq is not None:
            store(max_exp_avg_sq, largest)
