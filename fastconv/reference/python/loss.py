"""Softmax, and losses with their gradients, one row or element at a time."""

import math
from typing import Any

from numpy.typing import NDArray

from fastconv._ieee import ratio

from .activation import logistic
from .store import store


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
    outer, C, inner = logits.shape
    rows = logits.tolist()
    targets = target.tolist()
    weights = [1.0] * C if weight is None else weight.tolist()
    ids = target.ndim == 2
    samples, divisor = 0, 0.0
    for n in range(outer):
        for t in range(inner):
            if ids and targets[n][t] == ignore_index:
                continue
            if ids and not 0 <= targets[n][t] < C:
                return 0.0, n * inner + t
            samples += 1
            divisor += weights[targets[n][t]] if ids else 1.0
    scale = (ratio(factor, divisor) if mean else factor) if samples else 0.0
    loss = []
    gradient = [[[0.0] * inner for _ in range(C)] for _ in range(outer)]
    for n in range(outer):
        for t in range(inner):
            if ids and targets[n][t] == ignore_index:
                loss.append(0.0)
                continue
            z = [rows[n][c][t] for c in range(C)]
            top = max(z, default=0.0)
            shifted = [x - top for x in z]
            exponentials = [math.exp(x) for x in shifted]
            total = sum(exponentials)
            log_total = math.log(total) if total != 0.0 else -math.inf
            if ids:
                y = targets[n][t]
                q = [weights[c] * label_smoothing / C if label_smoothing else 0.0 for c in range(C)]
                q[y] = weights[y] * ((1.0 - label_smoothing) + label_smoothing / C)
            else:
                probability = [targets[n][c][t] for c in range(C)]
                q = [
                    weights[c] * ((1.0 - label_smoothing) * probability[c] + label_smoothing / C)
                    for c in range(C)
                ]
            counted = [c for c in range(C) if q[c] != 0.0 or not ids]
            loss.append(sum(q[c] * (log_total - shifted[c]) for c in counted))
            mass = sum(q)
            for c in range(C):
                gradient[n][c][t] = scale * (exponentials[c] / total * mass - q[c])
    store(losses, loss)
    if grad_logits is not None:
        store(grad_logits, [g for row in gradient for line in row for g in line])
    summed = float(sum(losses.reshape(-1).tolist()))
    return ratio(summed, divisor) if mean else summed, -1


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
    z = logits.reshape(-1).tolist()
    t = target.reshape(-1).tolist()
    weights = [1.0] * len(z) if weight is None else weight.reshape(-1).tolist()
    pos_weights = [1.0] * len(z) if pos_weight is None else pos_weight.reshape(-1).tolist()
    loss = []
    gradient = []
    for x, y, w, pos in zip(z, t, weights, pos_weights, strict=True):
        no, yes = w * (1.0 - y), w * pos * y
        softplus = math.log1p(math.exp(-abs(x)))  # of -|x|
        loss.append(no * ((x if x > 0.0 else 0.0) + softplus) + yes * ((-x if x < 0.0 else 0.0) + softplus))
        gradient.append(scale * (no * logistic(x) - yes * logistic(-x)))
    store(losses, loss)
    if grad_logits is not None:
        store(grad_logits, gradient)


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
    loss = []
    gradient = []
    for x, t in zip(input.reshape(-1).tolist(), target.reshape(-1).tolist(), strict=True):
        d = x - t
        if abs(d) <= limit:
            loss.append(quadratic * d * d)
            gradient.append(scale * 2.0 * quadratic * d)
        else:
            loss.append(linear * (abs(d) - offset))
            gradient.append(scale * (d if math.isnan(d) else math.copysign(linear, d)))
    if losses is not None:
        store(losses, loss)
    if grad_input is not None:
        store(grad_input, gradient)


def softmax(input: NDArray[Any], output: NDArray[Any], logarithm: bool) -> None:
    """Write the softmax over axis 1 of (outer, C, inner), or its logarithm."""
    outer, C, inner = input.shape
    x = input.reshape(-1).tolist()
    y = [0.0] * len(x)
    for row in range(outer * inner):
        places = [row // inner * C * inner + c * inner + row % inner for c in range(C)]
        top = max((x[i] for i in places), default=0.0)
        exponentials = [math.exp(x[i] - top) for i in places]
        total = sum(exponentials)
        for i, e in zip(places, exponentials, strict=True):
            y[i] = x[i] - top - math.log(total) if logarithm else e / total
    store(output, y)


def softmax_backward(
    grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any], logarithm: bool
) -> None:
    """Write y (g - sum of g y), or g - exp(y) sum of g for the logarithm y."""
    outer, C, inner = output.shape
    y = output.reshape(-1).tolist()
    g = grad_output.reshape(-1).tolist()
    gradient = [0.0] * len(y)
    for row in range(outer * inner):
        places = [row // inner * C * inner + c * inner + row % inner for c in range(C)]
        total = sum(g[i] if logarithm else g[i] * y[i] for i in places)
        for i in places:
            gradient[i] = g[i] - math.exp(min(y[i], 0.0)) * total if logarithm else y[i] * (g[i] - total)
    store(grad_input, gradient)
