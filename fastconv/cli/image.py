"""One image from a file, as a network takes it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import Shape
from ..data import read_image
from ..data.image_folder import ENDINGS, read_picture


def read(path: str, shape: Shape) -> NDArray[Any]:
    """An image, shape (1, c, h, w), for a network that takes batches of `shape`.

    A ``.npy`` or ``.pgm`` file comes as it is; what Pillow reads is made grey or colored, and gets the size, as a
    folder of images does.

    Raises
    ------
    OSError, ValueError, ImportError
        It cannot be read; the text has the path.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in (".npy", ".pgm"):
        return read_image(path)[None]
    if ending not in ENDINGS:
        raise ValueError(f"{path}: an image must be a .npy file or one of {', '.join(sorted(ENDINGS))}")
    pixels: NDArray[np.uint8] = read_picture(Path(path), (shape[2], shape[3]), "L" if shape[1] == 1 else "RGB")
    return pixels[None].astype(np.float32) / np.float32(255)
