"""Data sets in NumPy's archives."""

import os
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import file_path, open_regular
from .._geometry import shown
from ._labels import check_labels
from ._npy import read_npy
from .idx import LARGEST_DEFLATE_RATIO
from .split import Split


def read_npz(path: str | os.PathLike[str], X: str = "X", y: str = "y") -> Split:
    """Read images and labels from an ``.npz`` file, as ``numpy.savez`` and ``numpy.savez_compressed`` write it.

    Nothing is unpickled, and nothing allocated on the word of a header.

    Parameters
    ----------
    path : str or path-like
    X, y : str
        Names of the two arrays: for a file with a training and a test set call the function twice, as with
        ``"x_train", "y_train"``.

    Returns
    -------
    (X, y) : Split
        Images of their dtype, which is uint8, float32 or float64, shape (n, c, h, w); images of shape (n, h, w) get
        one channel. Labels int64, shape (n,). ``classes`` is None.

    Raises
    ------
    TypeError
        `path` is not a path, `X` or `y` not a str.
    FileNotFoundError
        There is no such file.
    ValueError
        It is not an ``.npz`` file, is damaged, or has other arrays; the text starts with the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = os.path.join(folder, "squares.npz")
    ...     np.savez(name, X=np.zeros((5, 8, 8), np.uint8), y=[0, 1, 0, 2, 1])
    ...     read_npz(name)
    Split(X=uint8 (5, 1, 8, 8), y=int64 (5,), classes=None)
    """
    name = file_path("read_npz", path)
    for argument, value in (("X", X), ("y", y)):
        if not isinstance(value, str):
            raise TypeError(f"read_npz: {argument} must be a str, got {shown(value)}")
    with open_regular(name) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                images, labels = (_member(archive, key, os.fstat(file.fileno()).st_size) for key in (X, y))
        except (zipfile.BadZipFile, zlib.error, EOFError, OverflowError, RuntimeError, struct.error) as error:
            raise ValueError(f"{name}: not an .npz file, or a damaged one ({error})") from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Split(_images(name, X, images), _labels(name, y, labels, len(images)))


def _member(archive: zipfile.ZipFile, key: str, length: int) -> NDArray[Any]:
    """Read one array of an archive whose file has `length` bytes."""
    try:
        entry = archive.getinfo(f"{key}.npy")
    except KeyError:
        names = ", ".join(sorted(n.removesuffix(".npy") for n in archive.namelist())[:20])
        raise ValueError(f"there is no array {shown(key)}; the file has {shown(names)}") from None
    if entry.flag_bits & 1:
        raise ValueError(f"{key} is encrypted")
    ratio = 1 if entry.compress_type == zipfile.ZIP_STORED else LARGEST_DEFLATE_RATIO
    if not 0 <= entry.header_offset < length:
        raise ValueError(f"{key} claims to lie outside the file")
    if entry.compress_size > length or entry.file_size > entry.compress_size * ratio:
        raise ValueError(f"{key} claims {entry.file_size} bytes, more than the file can hold")
    with archive.open(entry) as stream:
        try:
            return read_npy(stream, entry.file_size)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None


def _images(name: str, key: str, images: NDArray[Any]) -> NDArray[Any]:
    if images.dtype.newbyteorder("=").type not in (np.uint8, np.float32, np.float64):
        raise ValueError(f"{name}: {key} must be uint8, float32 or float64, the file has {images.dtype}")
    if images.ndim not in (3, 4) or 0 in images.shape[1:]:
        raise ValueError(f"{name}: {key} must have shape (n, c, h, w) or (n, h, w), the file has {images.shape}")
    images = np.ascontiguousarray(images, images.dtype.newbyteorder("="))
    return images if images.ndim == 4 else images[:, None]


def _labels(name: str, key: str, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    if labels.dtype.kind not in "iu" or labels.size != count or labels.shape[:1] != (count,):
        raise ValueError(
            f"{name}: {key} must hold a whole number for each of {count} images, "
            f"the file has {labels.dtype} of shape {labels.shape}"
        )
    flat = labels.reshape(count)  # also (n, 1), as some write them
    check_labels(f"{name}: {key}", flat, 0, 2**31)
    return flat.astype(np.int64)
