"""Rows, their moments and their affine images, one element at a time."""

from typing import Any

from numpy.typing import NDArray

from .store import store


def row_moments(input: NDArray[Any], means: NDArray[Any], squares: NDArray[Any]) -> None:
    """Write the mean of each row and its sum of squares around that."""
    for r, row in enumerate(input.tolist()):
        mean = sum(row) / len(row)
        means[r] = mean
        squares[r] = sum((x - mean) ** 2 for x in row)


def row_products(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    shifts: NDArray[Any],
    weight: NDArray[Any] | None,
    sums: NDArray[Any],
    products: NDArray[Any],
) -> None:
    """Write the sums of each row of grad_output * weight, and of that times (input - the row's shift)."""
    weights = [1.0] * input.shape[1] if weight is None else weight.tolist()
    for r, (grads, row) in enumerate(zip(grad_output.tolist(), input.tolist(), strict=True)):
        shift = float(shifts[r % len(shifts)])
        grads = [grad * w for grad, w in zip(grads, weights, strict=True)]
        sums[r] = sum(grads)
        products[r] = sum(grad * (x - shift) for grad, x in zip(grads, row, strict=True))


def normalize_rows(
    input: NDArray[Any],
    coefficients: NDArray[Any],
    weight: NDArray[Any] | None,
    bias: NDArray[Any] | None,
    output: NDArray[Any],
) -> None:
    """Write scale * (input - shift) + offset, a row (shift, scale, offset) of coefficients; then * weight + bias."""
    values = []
    for r, row in enumerate(input.tolist()):
        shift, scale, offset = coefficients[r % len(coefficients)].tolist()
        images = [scale * (x - shift) + offset for x in row]
        if weight is not None and bias is not None:
            images = [y * w + b for y, w, b in zip(images, weight.tolist(), bias.tolist(), strict=True)]
        values += images
    store(output, values)


def normalize_rows_backward(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    coefficients: NDArray[Any],
    weight: NDArray[Any] | None,
    grad_input: NDArray[Any],
) -> None:
    """Write factor * grad_output * weight + scale * (input - shift) + offset; coefficients end in factor."""
    weights = [1.0] * input.shape[1] if weight is None else weight.tolist()
    values = []
    for r, (grads, row) in enumerate(zip(grad_output.tolist(), input.tolist(), strict=True)):
        shift, scale, offset, factor = coefficients[r % len(coefficients)].tolist()
        for grad, w, x in zip(grads, weights, row, strict=True):
            values.append(factor * grad * w + scale * (x - shift) + offset)
    store(grad_input, values)


def column_products(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    coefficients: NDArray[Any],
    sums: NDArray[Any],
    products: NDArray[Any],
) -> None:
    """Deal the rows to len(sums) parts, in order; coefficients are (shift, scale) of each row.

    Write the sums of each column of grad_output, and of that * scale * (input - shift), in each part.
    """
    per_part = -(-len(input) // len(sums))
    for part in range(len(sums)):
        for i in range(input.shape[1]):
            total = product = 0.0
            for r in range(part * per_part, min((part + 1) * per_part, len(input))):
                grad, x, (shift, scale) = float(grad_output[r, i]), float(input[r, i]), coefficients[r].tolist()
                total += grad
                product += grad * scale * (x - shift)
            sums[part, i], products[part, i] = total, product
