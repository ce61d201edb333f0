"""One grey image from a file: `.npy` or `.pgm`."""

import os

import numpy as np
from numpy.typing import NDArray

from .._files import file_path, open_regular
from ._npy import read_npy
from .pgm import read_pgm


def read_image(path: str | os.PathLike[str]) -> NDArray[np.float32]:
    """Read one image from a ``.npy`` or ``.pgm`` file.

    Parameters
    ----------
    path : str or path-like
        The ending says which format. A ``.npy`` array has shape (h, w), (c, h, w) or (1, c, h, w) and is
        uint8, which is divided by 255, or float32 or float64, which should lie in [0, 1] and stays as it is.

    Returns
    -------
    ndarray of float32, shape (c, h, w)

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged, or holds no image. The text starts with the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = os.path.join(folder, "image.npy")
    ...     np.save(name, np.full((8, 8), 255, np.uint8))
    ...     image = read_image(name)
    >>> image.shape, float(image.max())
    ((1, 8, 8), 1.0)
    """
    name = file_path("read_image", path)
    ending = os.path.splitext(name)[1].lower()
    if ending == ".pgm":
        return read_pgm(path)[None]
    if ending != ".npy":
        raise ValueError(f"{name}: an image must be a .npy or .pgm file")
    with open_regular(name) as file:
        try:
            image = read_npy(file, os.fstat(file.fileno()).st_size)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if image.dtype == np.uint8:
        image = image.astype(np.float32) / np.float32(255)
    elif image.dtype.kind == "f" and image.dtype.itemsize in (4, 8):
        with np.errstate(over="ignore"):
            image = image.astype(np.float32)
    else:
        raise ValueError(f"{name}: an image must be uint8, float32 or float64, the file has {image.dtype}")
    if image.ndim == 4 and len(image) == 1:
        image = image[0]
    elif image.ndim == 2:
        image = image[None]
    if image.ndim != 3 or image.size == 0:
        raise ValueError(f"{name}: an image must have shape (h, w) or (c, h, w), the file has {image.shape}")
    if not np.isfinite(image).all():
        raise ValueError(f"{name}: the image has pixels that are NaN or infinite")
    return np.ascontiguousarray(image)
