"""Pooling into bins, as many as the result has pixels, and its gradients, as plain loops."""

from typing import Any

from numpy.typing import NDArray

from .store import store


def bins(size: int, count: int) -> list[range]:
    """The positions of every bin: those of a division rounded outwards, so that bins may overlap by one."""
    return [range(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def planes(images: NDArray[Any]) -> list[list[list[float]]]:
    """The planes of all images, one after the other."""
    return [plane for image in images.tolist() for plane in image]


def adaptive_avg_pool2d(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write the mean of every bin of `input` (N, C, H, W) to `output` (N, C, P, Q)."""
    rows, columns = bins(input.shape[2], output.shape[2]), bins(input.shape[3], output.shape[3])
    result = []
    for plane in planes(input):
        for row in rows:
            for column in columns:
                total = 0.0
                for i in row:
                    for j in column:
                        total += plane[i][j]
                result.append(total / (len(row) * len(column)))
    store(output, result)


def adaptive_avg_pool2d_backward(grad_output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Add the gradient of every bin, over its number of pixels, to each of them."""
    height, width = grad_input.shape[2:]
    rows, columns = bins(height, grad_output.shape[2]), bins(width, grad_output.shape[3])
    result: list[float] = []
    for gradients in planes(grad_output):
        plane = [[0.0] * width for _ in range(height)]
        for row, line in zip(rows, gradients, strict=True):
            for column, gradient in zip(columns, line, strict=True):
                share = gradient / (len(row) * len(column))
                for i in row:
                    for j in column:
                        plane[i][j] += share
        for line in plane:
            result += line
    store(grad_input, result)


def adaptive_max_pool2d(input: NDArray[Any], output: NDArray[Any], indices: NDArray[Any] | None) -> None:
    """Write the maximum of every bin and, in `indices`, where in its plane it was.

    The first of equal maxima wins; a NaN wins over everything, the last NaN over earlier ones.
    """
    height, width = input.shape[2:]
    rows, columns = bins(height, output.shape[2]), bins(width, output.shape[3])
    maxima = []
    positions = []
    for plane in planes(input):
        for row in rows:
            for column in columns:
                maximum = plane[row[0]][column[0]]
                position = row[0] * width + column[0]
                for i in row:
                    for j in column:
                        x = plane[i][j]
                        if x > maximum or x != x:
                            maximum = x
                            position = i * width + j
                maxima.append(maximum)
                positions.append(position)
    store(output, maxima)
    if indices is not None:
        indices.reshape(-1)[:] = positions
