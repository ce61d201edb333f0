"""Pooling into bins, as many as the result has pixels, and its gradients: loops over its rows and columns only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


def edges(size: int, bins: int) -> list[tuple[int, int]]:
    """Where every bin begins and ends: those of a division rounded outwards."""
    return [(i * size // bins, -(-(i + 1) * size // bins)) for i in range(bins)]


def areas(rows: list[tuple[int, int]], columns: list[tuple[int, int]], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Pixels in each bin."""
    heights, widths = ([stop - start for start, stop in axis] for axis in (rows, columns))
    return np.outer(heights, widths).astype(dtype)


@ieee
def adaptive_avg_pool2d(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write the mean of every bin of `input` (N, C, H, W) to `output` (N, C, P, Q): rows are summed first."""
    rows, columns = edges(input.shape[2], output.shape[2]), edges(input.shape[3], output.shape[3])
    lines = np.stack([input[:, :, start:stop].sum(axis=2) for start, stop in rows], axis=2)
    for q, (start, stop) in enumerate(columns):
        output[..., q] = lines[..., start:stop].sum(axis=3)
    output /= areas(rows, columns, output.dtype)


@ieee
def adaptive_avg_pool2d_backward(grad_output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Add the gradient of every bin, over its number of pixels, to each of them."""
    rows, columns = (edges(grad_input.shape[axis], grad_output.shape[axis]) for axis in (2, 3))
    shares = grad_output / areas(rows, columns, grad_output.dtype)
    lines = np.zeros((*grad_input.shape[:3], grad_output.shape[3]), grad_input.dtype)
    for p, (start, stop) in enumerate(rows):
        lines[:, :, start:stop] += shares[:, :, p : p + 1]
    grad_input[...] = 0
    for q, (start, stop) in enumerate(columns):
        grad_input[..., start:stop] += lines[..., q : q + 1]


def adaptive_max_pool2d(input: NDArray[Any], output: NDArray[Any], indices: NDArray[Any] | None) -> None:
    """Write the maximum of every bin and, in `indices`, where in its plane it was.

    The first of equal maxima wins; a NaN wins over everything, the last NaN over earlier ones.
    """
    width = input.shape[3]
    for p, (top, bottom) in enumerate(edges(input.shape[2], output.shape[2])):
        for q, (left, right) in enumerate(edges(width, output.shape[3])):
            pixels = input[:, :, top:bottom, left:right].reshape(*input.shape[:2], -1)
            found = pixels.argmax(axis=2)
            nan = np.isnan(pixels)
            if nan.any():
                last = pixels.shape[2] - 1 - nan[:, :, ::-1].argmax(axis=2)
                found = np.where(nan.any(axis=2), last, found)
            output[:, :, p, q] = np.take_along_axis(pixels, found[..., None], axis=2)[..., 0]
            if indices is not None:
                row, column = np.divmod(found, right - left)
                indices[:, :, p, q] = (top + row) * width + left + column
