"""Softmax, and losses with their gradients, over whole arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


@ieee
def softmax_cross_entropy(
    logits: NDArray[Any],
    target: NDArray[Any],
    weight: NDArray[Any] | None,
    losses: NDArray[Any],
    grad_logits: NDArray[Any] | None,
    ignore_index: int,
    label_smoothing: float,
    factor: float,
    mean: bool,
) -> tuple[float, int]:
    """Write, for logits (outer, C, inner), the loss of every row of C logits and the gradient times `factor`.

    With q_c = weight_c ((1-e) t_c + e/C) the loss is sum q_c (lse - z_c), its gradient
    softmax_j sum q_c - q_j.
    With class ids a class of q_c = 0 takes no part: a logit of -inf does no harm where it is not asked for.

    Returns the sum of the losses and -1; with `mean`, gradients and the sum are divided by how many rows count. If a
    class id does not exist, nothing is written, and the second is its row.
    """
    C = logits.shape[1]
    counts = np.ones(losses.shape, bool)
    if target.ndim == 2:
        counts = target != ignore_index
        wrong = np.flatnonzero(counts & ((target < 0) | (target >= C)))
        if wrong.size:
            return 0.0, int(wrong[0])
    samples = np.count_nonzero(counts)
    total = weight[target[counts]].sum(dtype=np.float64) if weight is not None and target.ndim == 2 else samples
    if C:
        scale = factor / np.float64(total) if mean and samples else factor * bool(samples)
        _write_cross_entropy(logits, target, weight, losses, grad_logits, ignore_index, label_smoothing, scale)
    else:
        losses[...] = 0
    loss = losses.sum(dtype=np.float64)
    return float(loss / np.float64(total) if mean else loss), -1


def _write_cross_entropy(
    logits: NDArray[Any],
    target: NDArray[Any],
    weight: NDArray[Any] | None,
    losses: NDArray[Any],
    grad_logits: NDArray[Any] | None,
    ignore_index: int,
    label_smoothing: float,
    scale: float,
) -> None:
    C = logits.shape[1]
    z = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(z)
    total = exponentials.sum(axis=1, keepdims=True)
    surprise = np.log(total) - z  # lse - z_c
    weights = np.ones((C, 1), logits.dtype) if weight is None else weight[:, None]
    ids = target.ndim == 2
    if ids:
        ignored = target == ignore_index
        y = np.where(ignored, 0, target)[:, None]
        own = weights[y[:, 0], 0] * (1 - label_smoothing)
        losses[...] = np.where(own == 0, 0, own * np.take_along_axis(surprise, y, axis=1)[:, 0])
        if label_smoothing:
            even = weights * (label_smoothing / C)
            losses += np.where(even == 0, 0, even * surprise).sum(axis=1)
        losses[ignored] = 0
    else:
        q = weights * ((1 - label_smoothing) * target + label_smoothing / C)
        losses[...] = (q * surprise).sum(axis=1)
    if grad_logits is None:
        return
    softmax = exponentials / total
    if ids:
        mass = own + (even.sum() if label_smoothing else 0)
        gradient = softmax * mass[:, None]
        if label_smoothing:
            gradient -= even
        at_target = np.take_along_axis(gradient, y, axis=1) - own[:, None]
        np.put_along_axis(gradient, y, at_target, axis=1)
        gradient *= scale
        np.copyto(gradient, 0, where=ignored[:, None])
    else:
        gradient = scale * (softmax * q.sum(axis=1, keepdims=True) - q)
    grad_logits[...] = gradient


@ieee
def binary_cross_entropy_with_logits(
    logits: NDArray[Any],
    target: NDArray[Any],
    weight: NDArray[Any] | None,
    pos_weight: NDArray[Any] | None,
    losses: NDArray[Any],
    grad_logits: NDArray[Any] | None,
    scale: float,
) -> None:
    """Write the loss of every element and its gradient times `scale`.

    The loss is weight ((1-t) softplus(z) + pos_weight t softplus(-z)) with softplus(z) = log(1 + exp(z)).
    """
    no, yes = 1 - target, target if pos_weight is None else pos_weight * target
    if weight is not None:
        no, yes = weight * no, weight * yes
    e = np.exp(-np.abs(logits))
    softplus = np.log1p(e)  # of -|z|
    losses[...] = no * (np.maximum(logits, 0) + softplus) + yes * (np.maximum(-logits, 0) + softplus)
    if grad_logits is not None:
        positive = logits >= 0
        grad_logits[...] = scale * (no * np.where(positive, 1, e) - yes * np.where(positive, e, 1)) / (1 + e)


@ieee
def difference_loss(
    input: NDArray[Any],
    target: NDArray[Any],
    losses: NDArray[Any] | None,
    grad_input: NDArray[Any] | None,
    limit: float,
    quadratic: float,
    linear: float,
    offset: float,
    scale: float,
) -> None:
    """Write the loss of every difference d and its gradient times `scale`.

    The loss is quadratic d^2 for |d| <= limit, and linear (|d| - offset) beyond.
    """
    d = input - target
    size = np.abs(d)
    near = size <= limit
    if losses is not None:
        losses[...] = np.where(near, quadratic * d * d, linear * (size - offset))
    if grad_input is not None:
        grad_input[...] = scale * np.where(near, 2 * quadratic * d, linear * np.sign(d))


@ieee
def softmax(input: NDArray[Any], output: NDArray[Any], logarithm: bool) -> None:
    """Write the softmax over axis 1 of (outer, C, inner), or its logarithm."""
    if not input.size:
        return
    z = input - input.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True, dtype=np.float64)
    output[...] = z - np.log(total) if logarithm else e / total


@ieee
def softmax_backward(
    grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any], logarithm: bool
) -> None:
    """Write y (g - sum of g y), or g - exp(y) sum of g for the logarithm y."""
    wide = grad_output.astype(np.float64)
    if logarithm:
        grad_input[...] = wide - np.exp(np.minimum(output, 0)) * wide.sum(axis=1, keepdims=True)
    else:
        grad_input[...] = output * (wide - (wide * output).sum(axis=1, keepdims=True))
