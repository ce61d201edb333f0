"""Bilinear resizing of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import integer


def _neighbours(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """For each of `new` pixels: its two neighbours among `old` pixels, and the weight of the right one."""
    centre = np.maximum((np.arange(new) + 0.5) * (old / new) - 0.5, 0.0)
    left = np.minimum(centre.astype(np.int64), old - 1)
    return left, np.minimum(left + 1, old - 1), centre - left


def resize(images: NDArray[Any], size: int | tuple[int, int]) -> NDArray[Any]:
    """Resize images to a new height and width with bilinear interpolation.

    Pixel centres lie at half-integers, as in ``torch.nn.functional.interpolate(..., mode="bilinear",
    align_corners=False)``: new pixel `i` is read at ``(i + 0.5) * old / new - 0.5``; the border is repeated.
    There is no smoothing before an image is made smaller.

    Parameters
    ----------
    images : ndarray, shape (..., H, W), float32 or float64
    size : int or (int, int)
        New height and width.

    Returns
    -------
    ndarray, shape (..., height, width), the dtype of `images`
        Always a new array.

    Raises
    ------
    TypeError
        `images` is no floating-point array, or `size` is no integer.
    ValueError
        `images` has fewer than two axes or no pixels, or `size` is below 1.

    Examples
    --------
    >>> resize(np.array([[0.0, 1.0]]), (1, 4))
    array([[0.  , 0.25, 0.75, 1.  ]])
    """
    if not isinstance(images, np.ndarray) or images.dtype not in (np.float32, np.float64):
        kind = images.dtype if isinstance(images, np.ndarray) else type(images).__name__
        raise TypeError(f"resize: images must be a float32 or float64 array, got {kind}")
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise ValueError(f"resize: size must be an integer or a pair of integers, got {size!r}")
    height, width = (integer("resize", "size", number, 1) for number in pair)
    if images.ndim < 2 or images.shape[-1] == 0 or images.shape[-2] == 0:
        raise ValueError(f"resize: images must have shape (..., H, W) with H, W >= 1, got {images.shape}")
    top, bottom, down = _neighbours(images.shape[-2], height)
    left, right, across = _neighbours(images.shape[-1], width)
    down, across = down.astype(images.dtype)[:, None], across.astype(images.dtype)
    # Rows first, then columns; a + (b - a) * t keeps constant images exactly constant.
    rows = images[..., top, :]
    rows = rows + (images[..., bottom, :] - rows) * down
    columns = rows[..., left]
    return np.ascontiguousarray(columns + (rows[..., right] - columns) * across)
