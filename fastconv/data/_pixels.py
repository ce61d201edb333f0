"""Bytes as numbers: images are stored as uint8 and computed with as float32 in [0, 1]."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WHITE = np.float32(255)


def as_floats(images: NDArray[Any]) -> NDArray[Any]:
    """Return uint8 images as new float32 images in [0, 1], and any others as they are.

    Examples
    --------
    >>> as_floats(np.array([0, 51, 255], np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    if images.dtype != np.uint8:
        return images
    floats = images.astype(np.float32)
    floats /= WHITE
    return floats
