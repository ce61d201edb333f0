"""What batch, group and layer normalisation share: checked arguments, statistics of rows, coefficients of rows.

Statistics are float64 whatever the arrays are, and there are few of them: the arithmetic between kernels is NumPy's.
"""

import math
from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, DType, check_shape, real
from fastconv.functional._options import number


def epsilon(function: str, value: Any, positive: bool = False) -> float:
    """The number added to a variance; `positive` where the variance may well be zero."""
    eps = number(function, "eps", value, np.dtype(np.float64))
    if not (math.isfinite(eps) and (eps > 0 if positive else eps >= 0)):
        raise ValueError(f"{function}: eps must be {'> 0' if positive else '>= 0'} and finite, got {value}")
    return eps


def vector(function: str, name: str, value: Any, size: int, dtype: DType, what: str = "channel") -> Array | None:
    """An optional array with one value for each channel."""
    if value is None:
        return None
    array = real(function, name, value, dtype)
    check_shape(function, name, array, (size,), f"one value for each {what}")
    return array


def moments(rows: Array) -> tuple[Array, Array]:
    """Mean and sum of squares around it of each row."""
    means, squares = np.zeros(len(rows)), np.zeros(len(rows))
    if rows.size:
        _backend.ops(rows.dtype).row_moments(rows, means, squares)
    return means, squares


def joined(means: Array, squares: Array, count: int) -> tuple[Array, Array]:
    """Moments of the rows, of `count` elements each, of every column together: Chan, Golub and LeVeque (1983)."""
    mean = np.add.reduce(means) / len(means)  # as means.mean(0), in a third of the time
    apart = means - mean
    return mean, np.add.reduce(squares) + count * np.add.reduce(apart * apart)


def products(grad_rows: Array, rows: Array, mean: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """Sums of the gradient (times a weight for each column), and of that times ``rows - mean``.

    One of each for every entry of `mean`: rows r, r + len(mean), ... are summed together.
    """
    if not rows.size:
        return np.zeros(len(mean)), np.zeros(len(mean))
    sums, parts = np.empty(len(rows)), np.empty(len(rows))
    shift = mean.astype(rows.dtype)
    _backend.ops(rows.dtype).row_products(grad_rows, rows, shift, weight, sums, parts)
    total = np.add.reduce(sums.reshape(-1, len(mean)))
    return total, np.add.reduce(parts.reshape(-1, len(mean))) + total * (shift - mean)


def coefficients(
    dtype: DType, mean: Array, scale: Array, offset: Array | float, factor: Array | None = None
) -> Array:
    """Rows of (shift, scale, offset) or (shift, scale, offset, factor) for ``scale * (x - mean) + offset``.

    The shift is the mean as `dtype` has it. What that is off enters the offset, so that it costs no digits if the mean
    is far larger than the deviation.
    """
    table = np.empty((len(mean), 3 if factor is None else 4), dtype)
    table[:, 0] = mean
    table[:, 1] = scale
    table[:, 2] = offset + (table[:, 0] - mean) * scale
    if factor is not None:
        table[:, 3] = factor
    return table
