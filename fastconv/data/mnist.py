"""Folders that hold MNIST, or a data set published in the same four files."""

import os
from pathlib import Path

import numpy as np

from .._files import file_path
from ..functional._options import flag
from .digits import Split
from .idx import read_idx


def mnist(root: str | os.PathLike[str], download: bool = False) -> tuple[Split, Split]:
    """Read MNIST, or any data set in its format, from a folder.

    The folder holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte``, each plain or with ``.gz``, with a dash or a dot before ``idx``.

    Parameters
    ----------
    root : str or path-like
    download : bool
        Must be False: fastconv downloads nothing.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images uint8, shape (n, 1, h, w), which `DataLoader` turns into float32 in [0, 1], and labels int64,
        shape (n,).

    Raises
    ------
    TypeError
        `root` is not a path, or `download` not a bool.
    OSError
        The folder, or one of the four files, is missing or cannot be read.
    ValueError
        A file is damaged, or images and labels differ in number. The text starts with the path.

    References
    ----------
    Y. LeCun, C. Cortes and C. J. C. Burges, *The MNIST database of handwritten digits*, 1998.

    Examples
    --------
    >>> mnist("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    folder = Path(file_path("mnist", root, "root"))
    if flag("mnist", "download", download):
        raise ValueError(f"mnist: download must be False: put the four files into {folder} yourself")
    if not folder.exists():
        raise FileNotFoundError(2, "No such directory", str(folder))
    if not folder.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(folder))
    return _read_split(folder, "train"), _read_split(folder, "t10k")


def _read_split(folder: Path, stem: str) -> Split:
    image_file = _find(folder, f"{stem}-images", 3)
    label_file = _find(folder, f"{stem}-labels", 1)
    labels = read_idx(label_file)
    if labels.ndim != 1:
        raise ValueError(f"{label_file}: labels must have 1 dimension, the file has {labels.ndim}")
    images = read_idx(image_file)
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(f"{image_file}: images must have shape (n, h, w), the file has {images.shape}")
    if len(images) != len(labels):
        raise ValueError(f"{label_file}: {len(labels)} labels for {len(images)} images in {image_file.name}")
    return images[:, None], labels.astype(np.int64)


def _find(folder: Path, stem: str, dimensions: int) -> Path:
    """The file of a set: `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, plain or with `.gz`."""
    names = [f"{stem}{mark}idx{dimensions}-ubyte{end}" for end in ("", ".gz") for mark in "-."]
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(2, "No such file, nor one with .gz or a dot before idx", str(folder / names[0]))
