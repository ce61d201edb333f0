"""Windows cut out of a batch, at another place in each image."""

import numpy as np
from numpy.typing import NDArray

from .transform import Images

Integers = NDArray[np.int64]


def check_images(transform: str, images: Images) -> None:
    """Refuse what is no batch of images."""
    if images.ndim < 3:
        raise ValueError(f"{transform}: images must have shape (n, ..., h, w), got {images.shape}")


def padded(images: Images, up_down: int, sideways: int, mode: str = "constant") -> Images:
    """Return images with a border: of zeros, or as ``numpy.pad`` makes it in `mode`."""
    if up_down == sideways == 0:
        return images
    if mode != "constant":
        return np.pad(images, [*((0, 0),) * (images.ndim - 2), (up_down,) * 2, (sideways,) * 2], mode)  # type: ignore[call-overload, no-any-return]
    height, width = images.shape[-2:]
    larger = np.zeros((*images.shape[:-2], height + 2 * up_down, width + 2 * sideways), images.dtype)
    larger[..., up_down : up_down + height, sideways : sideways + width] = images
    return larger


def windows(images: Images, height: int, width: int, tops: Integers, lefts: Integers) -> Images:
    """Copy the window of each image whose first pixel is ``(tops[i], lefts[i])``.

    Examples
    --------
    >>> windows(np.arange(18).reshape(2, 3, 3), 2, 2, np.array([0, 1]), np.array([0, 1])).tolist()
    [[[0, 1], [3, 4]], [[13, 14], [16, 17]]]
    """
    images = np.ascontiguousarray(images)
    count, *middle, rows, columns = images.shape
    first, *inner, down, right = images.strides
    # As numpy.lib.stride_tricks.sliding_window_view, which takes as long to make the view as this to copy from it.
    everywhere: Images = np.ndarray(
        (count, rows - height + 1, columns - width + 1, *middle, height, width),
        images.dtype,
        images,
        strides=(first, down, right, *inner, down, right),
    )
    return everywhere[np.arange(count), tops, lefts]
