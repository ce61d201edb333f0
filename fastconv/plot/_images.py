"""Images for the eye, and many of them side by side as one picture."""

import math

import numpy as np

from fastconv._arrays import Array


def visible(image: Array) -> Array:
    """An image ``(C, H, W)`` as matplotlib shows it, in [0, 1]: ``(H, W, 3)`` of three channels, else their mean."""
    image = image / np.float32(255) if image.dtype == np.uint8 else image
    picture = image.transpose(1, 2, 0) if len(image) == 3 else image.mean(axis=0)
    low, high = np.min(picture), np.max(picture)
    if low < 0 or high > 1:
        picture = (picture - low) / (high - low or 1)
    return picture


def mosaic(tiles: Array, columns: int) -> Array:
    """Tiles ``(n, H, W)`` in rows with gaps of NaN between them, or ``(n, H, W, 4)`` of colors, with transparent gaps.

    Examples
    --------
    >>> mosaic(np.array([[[1.0]], [[2.0]], [[3.0]]]), 2)
    array([[ 1., nan,  2.],
           [nan, nan, nan],
           [ 3., nan, nan]])
    """
    height, width = tiles.shape[1:3]
    down, right = pitch(tiles)
    rows = -(-len(tiles) // columns)
    shape = (rows * down - (down - height), columns * right - (right - width), *tiles.shape[3:])
    picture = np.full(shape, np.nan if tiles.ndim == 3 else 0.0)
    for i, tile in enumerate(tiles):
        top, left = i // columns * down, i % columns * right
        picture[top : top + height, left : left + width] = tile
    return picture


def pitch(tiles: Array) -> tuple[int, int]:
    """From one tile to the next, downwards and to the right: its size and a gap."""
    height, width = tiles.shape[1:3]
    gap = max(1, round(max(height, width) / 8))
    return height + gap, width + gap


def near_square(count: int, height: int, width: int) -> int:
    """How many columns bring so many tiles of this size into a picture about 1.5 times as wide as high."""
    return min(count, max(1, round(math.sqrt(1.5 * count * height / width))))
