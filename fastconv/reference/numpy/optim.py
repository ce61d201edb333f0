"""One step of each optimizer, in place, over whole arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


def root(variance: NDArray[Any], eps: float, eps_inside_sqrt: bool) -> NDArray[Any]:
    """Return sqrt(variance) + eps, or sqrt(variance + eps)."""
    result: NDArray[Any] = np.sqrt(variance + eps) if eps_inside_sqrt else np.sqrt(variance) + eps
    return result


@ieee
def sgd(
    param: NDArray[Any],
    grad: NDArray[Any],
    momentum_buffer: NDArray[Any] | None,
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
    param: NDArray[Any],
    grad: NDArray[Any],
    sum: NDArray[Any],
    lr: float,
    weight_decay: float,
    eps: float,
    eps_inside_sqrt: bool,
) -> None:
    """Take s += g^2; theta -= lr g / (sqrt(s) + eps)."""
    g = grad + weight_decay * param if weight_decay else grad
    sum += g * g
    param -= lr * g / root(sum, eps, eps_inside_sqrt)


@ieee
def rmsprop(
    param: NDArray[Any],
    grad: NDArray[Any],
    square_avg: NDArray[Any],
    grad_avg: NDArray[Any] | None,
    momentum_buffer: NDArray[Any] | None,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    eps_inside_sqrt: bool,
) -> None:
    """Take v = alpha v + (1 - alpha) g^2; theta -= lr g / (sqrt(v) + eps).

    With `grad_avg`, the moving average of g, its square is taken off v; with a buffer, theta -= lr * buffer.
    """
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
    param: NDArray[Any],
    grad: NDArray[Any],
    exp_avg: NDArray[Any],
    exp_avg_sq: NDArray[Any],
    max_exp_avg_sq: NDArray[Any] | None,
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
