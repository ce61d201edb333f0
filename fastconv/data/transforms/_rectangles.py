"""A rectangle of each image painted over."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .transform import Images


def _inside(size: int, first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of `size` positions lie in ``first[i] <= position < last[i]``, shape (n, size)."""
    places = np.arange(size)
    inside: NDArray[np.bool_] = (first[:, None] <= places) & (places < last[:, None])
    return inside


def painted(
    images: Images, value: float, top: NDArray[Any], bottom: NDArray[Any], left: NDArray[Any], right: NDArray[Any]
) -> Images:
    """Copy images with `value` in the rows ``top[i] <= y < bottom[i]`` of the columns ``left[i] <= x < right[i]``.

    `value` is meant for floating-point images; in uint8 it is 255 times as large.

    Examples
    --------
    >>> one, two = np.array([1]), np.array([2])
    >>> painted(np.ones((1, 3, 3), np.uint8), 0.0, one, two, one, two)[0].tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    count, (height, width) = len(images), images.shape[-2:]
    # A row of the mask is the image's row of columns, or no column: copied rows, as `&` of short rows is slow.
    columns = np.concatenate([_inside(width, left, right), np.zeros((1, width), np.bool_)])
    mask = columns.take(np.where(_inside(height, top, bottom), np.arange(count)[:, None], count), axis=0)
    colour = np.clip(np.rint(255 * value), 0, 255) if images.dtype == np.uint8 else value
    result = images.copy()
    np.copyto(result, images.dtype.type(colour), where=mask.reshape(count, *(1,) * (images.ndim - 3), height, width))
    return result
