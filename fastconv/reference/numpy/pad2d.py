"""Padding of the last two dimensions and its gradient: one block for the image, then the borders."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee

if TYPE_CHECKING:
    from fastconv._geometry import Pad2dGeometry


def sources(padded: int, before: int, size: int, mode: str) -> NDArray[Any]:
    """For each padded position the input position that it repeats (every mode but constant)."""
    i: NDArray[Any] = np.arange(-before, padded - before)
    if mode == "reflect":
        i = size - 1 - np.abs(size - 1 - np.abs(i))
    elif mode == "replicate":
        i = np.clip(i, 0, size - 1)
    else:
        i %= size
    return i


def overlap(padded: int, before: int, size: int) -> tuple[slice, slice]:
    """Where image and padded image meet (constant mode): as slices of the input and of the output."""
    start, stop = max(-before, 0), min(size, padded - before)
    stop = max(stop, start)
    return slice(start, stop), slice(start + before, stop + before)


@ieee
def pad2d(
    input: NDArray[Any], output: NDArray[Any], geometry: "Pad2dGeometry", mode: str, value: float
) -> None:
    """Surround each H x W plane of `input`; a negative width in constant mode crops."""
    planes, H, W, P, Q, top, left = geometry
    source = input.reshape(planes, H, W)
    target = output.reshape(planes, P, Q)
    if mode == "constant":
        rows, out_rows = overlap(P, top, H)
        columns, out_columns = overlap(Q, left, W)
        target[...] = value
        target[:, out_rows, out_columns] = source[:, rows, columns]
        return
    row = sources(P, top, H, mode)
    column = sources(Q, left, W, mode)
    lines = target[:, top : top + H]
    lines[:, :, left : left + W] = source
    lines[:, :, :left] = source[:, :, column[:left]]
    lines[:, :, left + W :] = source[:, :, column[left + W :]]
    target[:, :top] = lines[:, row[:top]]
    target[:, top + H :] = lines[:, row[top + H :]]


def fold(padded: NDArray[Any], before: int, size: int, mode: str) -> NDArray[Any]:
    """Return (size, ...): the slices of `padded` along axis 0, each added to the one that it repeats."""
    image: NDArray[Any] = padded[before : before + size].copy()
    row = sources(len(padded), before, size, mode)
    for border in (slice(0, before), slice(before + size, len(padded))):
        if mode == "replicate":  # a border repeats one line
            if len(padded[border]):
                image[row[border][0]] += padded[border].sum(axis=0)
        else:  # no line is repeated twice by one border
            image[row[border]] += padded[border]
    return image


@ieee
def pad2d_backward(
    grad_output: NDArray[Any], grad_input: NDArray[Any], geometry: "Pad2dGeometry", mode: str
) -> None:
    """Give every input pixel the sum of the gradients of all places that repeat it."""
    planes, H, W, P, Q, top, left = geometry
    source = grad_output.reshape(planes, P, Q)
    target = grad_input.reshape(planes, H, W)
    if mode == "constant":
        rows, out_rows = overlap(P, top, H)
        columns, out_columns = overlap(Q, left, W)
        target[...] = 0
        target[:, rows, columns] = source[:, out_rows, out_columns]
        return
    lines = fold(source.transpose(1, 0, 2), top, H, mode)
    target[...] = fold(lines.transpose(2, 1, 0), left, W, mode).transpose(1, 2, 0)
