"""One step of each optimizer on many parameters, in place, over whole arrays."""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


def together(*roles: list[NDArray[Any]] | None) -> Iterator[tuple[Any, ...]]:
    """Give each parameter with its gradient and state; a state that is None is None for every parameter."""
    return zip(*(repeat(None) if arrays is None else arrays for arrays in roles), strict=False)


def root(variance: NDArray[Any], eps: float, eps_inside_sqrt: bool) -> NDArray[Any]:
    """Return sqrt(variance) + eps, or sqrt(variance + eps)."""
    result: NDArray[Any] = np.sqrt(variance + eps) if eps_inside_sqrt else np.sqrt(variance) + eps
    return result


@ieee
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
        g = grad + weight_decay * param if weight_decay else grad
        if momentum_buffer is not None:
            if first_step:
                momentum_buffer[...] = g
            else:
                momentum_buffer *= momentum
                momentum_buffer += (1 - dampening) * g
            g = g + momentum * momentum_buffer if nesterov else momentum_buffer
        param -= lr * g


@ieee
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
        g = grad + weight_decay * param if weight_decay else grad
        sum += g * g
        param -= lr * g / root(sum, eps, eps_inside_sqrt)


@ieee
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
        g = grad + weight_decay * param if weight_decay else grad
        square_avg *= alpha
        square_avg += (1 - alpha) * (g * g)
        variance = square_avg
        if grad_avg is not None:
            grad_avg *= alpha
            grad_avg += (1 - alpha) * g
            variance = np.maximum(square_avg - grad_avg * grad_avg, 0)
        step = g / root(variance, eps, eps_inside_sqrt)
        if momentum_buffer is not None:
            momentum_buffer *= momentum
            momentum_buffer += step
            step = momentum_buffer
        param -= lr * step


@ieee
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
    states = (exp_avgs, exp_avg_sqs, max_exp_avg_sqs)
    for param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq in together(params, grads, *states):
        g = grad
        if weight_decay and decoupled:
            param -= lr * weight_decay * param
        elif weight_decay:
            g = grad + weight_decay * param
        exp_avg *= beta1
        exp_avg += (1 - beta1) * g
        exp_avg_sq *= beta2
        exp_avg_sq += (1 - beta2) * (g * g)
        variance = exp_avg_sq
        if max_exp_avg_sq is not None:
            np.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
            variance = max_exp_avg_sq
        param -= lr / (1 - beta1**step) * exp_avg / root(variance / (1 - beta2**step), eps, eps_inside_sqrt)
