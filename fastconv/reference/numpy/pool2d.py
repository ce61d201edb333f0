"""Maximum and average pooling and their gradients: one pass over all windows per tap."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee

if TYPE_CHECKING:
    from fastconv._geometry import Pool2dGeometry


def meeting(outputs: int, tap: int, stride: int, pad: int, size: int) -> tuple[slice, slice]:
    """The outputs whose tap, `tap` pixels into the window, lies in the image, and where it lies."""
    offset = tap - pad
    first = min(max(-(offset // stride), 0), outputs)
    stop = min((size - 1 - offset) // stride + 1, outputs)
    if stop <= first:
        return slice(0, 0), slice(0, 0)
    start = first * stride + offset
    return slice(first, stop), slice(start, start + (stop - first - 1) * stride + 1, stride)


def reachable(outputs: int, kernel: int, stride: int, dilation: int, pad: int, size: int) -> range:
    """The taps that can lie in the image at all; a kernel may be far larger than that."""
    first = max(0, -(((outputs - 1) * stride - pad) // dilation))
    return range(first, min(kernel, -((-pad - size) // dilation)))


def taps(g: "Pool2dGeometry") -> list[tuple[tuple[slice, slice], tuple[slice, slice], int]]:
    """Every tap in row-major order: its outputs, its inputs, and its flat offset in the input plane."""
    rows = reachable(g.P, g.R, g.stride_h, g.dilation_h, g.pad_h, g.H)
    columns = reachable(g.Q, g.S, g.stride_w, g.dilation_w, g.pad_w, g.W)
    result = []
    for r in rows:
        p, i = meeting(g.P, r * g.dilation_h, g.stride_h, g.pad_h, g.H)
        for s in columns:
            q, j = meeting(g.Q, s * g.dilation_w, g.stride_w, g.pad_w, g.W)
            offset = (r * g.dilation_h - g.pad_h) * g.W + s * g.dilation_w - g.pad_w
            result.append(((p, q), (i, j), offset))
    return result


def first_corners(g: "Pool2dGeometry") -> NDArray[np.int64]:
    """The flat input position of every window's first tap, were there no padding: (P, Q)."""
    rows = np.arange(g.P, dtype=np.int64)[:, None] * (g.stride_h * g.W)
    return rows + np.arange(g.Q, dtype=np.int64) * g.stride_w


def choose(source: NDArray[Any], maxima: NDArray[Any], positions: NDArray[Any], g: "Pool2dGeometry") -> None:
    """Maxima and their positions tap by tap, with a choice that also orders NaN and zeros of two signs."""
    corner = first_corners(g)
    maxima[...] = -np.inf
    positions[...] = -1
    for (p, q), (i, j), offset in taps(g):
        x, maximum, position = source[:, i, j], maxima[:, p, q], positions[:, p, q]
        better = (x > maximum) | np.isnan(x) | (position < 0)
        np.copyto(maximum, x, where=better)
        np.copyto(position, corner[p, q] + offset, where=better)


def locate(source: NDArray[Any], maxima: NDArray[Any], positions: NDArray[Any], g: "Pool2dGeometry") -> None:
    """Positions of known maxima: count the taps before the first that equals its maximum."""
    every = taps(g)
    found = np.zeros(maxima.shape, bool)
    before = np.zeros(maxima.shape, np.min_scalar_type(len(every)))
    for (p, q), (i, j), _ in every:
        found[:, p, q] |= source[:, i, j] == maxima[:, p, q]
        before += ~found
    offsets = np.array([offset for _, _, offset in every] + [0], np.int64)
    np.add(offsets[before], first_corners(g), out=positions)
    if not found.all():  # windows wholly in padding
        positions[~found] = -1


@ieee
def max_pool2d(
    input: NDArray[Any], output: NDArray[Any], indices: NDArray[Any] | None, geometry: "Pool2dGeometry"
) -> None:
    """Write the maximum of every window and, in `indices`, where in its plane it was.

    The first of equal maxima wins; a NaN wins over everything, the last NaN over earlier ones.
    A window wholly in padding gives -inf and -1.
    """
    g = geometry
    source = input.reshape(g.planes, g.H, g.W)
    maxima = output.reshape(g.planes, g.P, g.Q)
    maxima[...] = -np.inf
    for (p, q), (i, j), _ in taps(g):
        maximum = maxima[:, p, q]
        np.maximum(maximum, source[:, i, j], out=maximum)
    nan = maxima.size > 0 and np.isnan(maxima.min())
    if nan or ((maxima == 0).any() and ((source == 0) & np.signbit(source)).any()):
        positions = np.empty(maxima.shape, np.int64) if indices is None else indices.reshape(maxima.shape)
        choose(source, maxima, positions, g)
    elif indices is not None:
        locate(source, maxima, indices.reshape(maxima.shape), g)


@ieee
def max_pool2d_backward(grad_output: NDArray[Any], indices: NDArray[Any], grad_input: NDArray[Any]) -> bool:
    """Add the gradient of every window to the pixel that was its maximum; -1 adds nowhere.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    area = grad_input.shape[-2] * grad_input.shape[-1]
    if indices.size and (indices.min() < -1 or indices.max() >= area):
        return False
    windows = grad_output.shape[-2] * grad_output.shape[-1]
    target = grad_input.reshape(-1)
    target[...] = 0
    position = indices.reshape(-1, windows)
    flat = position + np.arange(0, target.size, area)[:, None]
    met = position >= 0
    if met.all():
        np.add.at(target, flat.reshape(-1), grad_output.reshape(-1))
    else:
        np.add.at(target, flat[met], grad_output.reshape(-1, windows)[met])
    return True


def lengths(outputs: int, kernel: int, stride: int, pad: int, size: int, padded: bool) -> NDArray[np.intp]:
    """How much of every window lies in the image, or in the padded image (never the overhang of ceil)."""
    start = np.arange(outputs) * stride - pad
    stop = np.minimum(start + kernel, size + pad)
    return stop - start if padded else np.minimum(stop, size) - np.maximum(start, 0)


def divisors(
    g: "Pool2dGeometry", count_include_pad: bool, divisor_override: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """What the sum of every window is divided by: (P, Q), or one number for all."""
    if divisor_override:
        return np.array(divisor_override, dtype)
    heights = lengths(g.P, g.R, g.stride_h, g.pad_h, g.H, count_include_pad)
    widths = lengths(g.Q, g.S, g.stride_w, g.pad_w, g.W, count_include_pad)
    return np.outer(heights, widths).astype(dtype)


@ieee
def avg_pool2d(
    input: NDArray[Any],
    output: NDArray[Any],
    geometry: "Pool2dGeometry",
    count_include_pad: bool,
    divisor_override: int,
) -> None:
    """Write the sum of every window over its divisor: rows are summed first, then columns."""
    g = geometry
    source = input.reshape(g.planes, g.H, g.W)
    means = output.reshape(g.planes, g.P, g.Q)
    lines = np.zeros((g.planes, g.P, g.W), input.dtype)
    for r in reachable(g.P, g.R, g.stride_h, 1, g.pad_h, g.H):
        p, i = meeting(g.P, r, g.stride_h, g.pad_h, g.H)
        lines[:, p] += source[:, i]
    means[...] = 0
    for s in reachable(g.Q, g.S, g.stride_w, 1, g.pad_w, g.W):
        q, j = meeting(g.Q, s, g.stride_w, g.pad_w, g.W)
        means[:, :, q] += lines[:, :, j]
    means /= divisors(g, count_include_pad, divisor_override, output.dtype)


@ieee
def avg_pool2d_backward(
    grad_output: NDArray[Any],
    grad_input: NDArray[Any],
    geometry: "Pool2dGeometry",
    count_include_pad: bool,
    divisor_override: int,
) -> None:
    """Add the gradient of every window, over its divisor, to each of its pixels: columns first, then rows."""
    g = geometry
    target = grad_input.reshape(g.planes, g.H, g.W)
    shares = grad_output.reshape(g.planes, g.P, g.Q) / divisors(
        g, count_include_pad, divisor_override, grad_output.dtype
    )
    lines = np.zeros((g.planes, g.P, g.W), grad_input.dtype)
    for s in reachable(g.Q, g.S, g.stride_w, 1, g.pad_w, g.W):
        q, j = meeting(g.Q, s, g.stride_w, g.pad_w, g.W)
        lines[:, :, j] += shares[:, :, q]
    target[...] = 0
    for r in reachable(g.P, g.R, g.stride_h, 1, g.pad_h, g.H):
        p, i = meeting(g.P, r, g.stride_h, g.pad_h, g.H)
        target[:, i] += lines[:, p]
