"""Rows, their moments and their affine images, over whole arrays; sums are taken in float64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


def _repeated(values: NDArray[Any], rows: int) -> NDArray[Any]:
    """The entry of each row: row r has that of r % len(values)."""
    return np.tile(values, (rows // len(values),) + (1,) * (values.ndim - 1))


@ieee
def row_moments(input: NDArray[Any], means: NDArray[Any], squares: NDArray[Any]) -> None:
    """Write the mean of each row and its sum of squares around that."""
    np.mean(input, axis=1, dtype=np.float64, out=means)
    np.sum(np.square(input - means[:, None]), axis=1, out=squares)


@ieee
def row_products(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    shifts: NDArray[Any],
    weight: NDArray[Any] | None,
    sums: NDArray[Any],
    products: NDArray[Any],
) -> None:
    """Write the sums of each row of grad_output * weight, and of that times (input - the row's shift)."""
    grad = grad_output if weight is None else grad_output * weight
    np.sum(grad, axis=1, dtype=np.float64, out=sums)
    apart = input - _repeated(shifts, len(input))[:, None]
    np.einsum("rn,rn->r", grad, apart, dtype=np.float64, out=products)


@ieee
def normalize_rows(
    input: NDArray[Any],
    coefficients: NDArray[Any],
    weight: NDArray[Any] | None,
    bias: NDArray[Any] | None,
    output: NDArray[Any],
) -> None:
    """Write scale * (input - shift) + offset, a row (shift, scale, offset) of coefficients; then * weight + bias."""
    shift, scale, offset = _repeated(coefficients, len(input)).T[:, :, None]
    np.subtract(input, shift, out=output)
    output *= scale
    output += offset
    if weight is not None and bias is not None:
        output *= weight
        output += bias


@ieee
def normalize_rows_backward(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    coefficients: NDArray[Any],
    weight: NDArray[Any] | None,
    grad_input: NDArray[Any],
) -> None:
    """Write factor * grad_output * weight + scale * (input - shift) + offset; coefficients end in factor."""
    normalize_rows(input, coefficients[:, :3], None, None, grad_input)
    grad = grad_output if weight is None else grad_output * weight
    grad_input += grad * _repeated(coefficients, len(input))[:, 3:]


@ieee
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
    shift, scale = coefficients.T[:, :, None]
    terms = grad_output * (scale * (input - shift))
    per_part = -(-len(input) // len(sums))
    for part in range(len(sums)):
        rows = slice(part * per_part, (part + 1) * per_part)
        np.sum(grad_output[rows], axis=0, dtype=np.float64, out=sums[part])
        np.sum(terms[rows], axis=0, dtype=np.float64, out=products[part])
