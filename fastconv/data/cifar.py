"""CIFAR-10 and CIFAR-100: small colour photographs.

A file of the binary version is a row of records: one label byte (two for CIFAR-100, coarse and fine) and 3,072 bytes
of pixels, the red plane, the green and the blue one, 32 × 32 each.
"""

import os
import tarfile
from pathlib import Path

import numpy as np

from .._files import atomic_write, file_path, open_regular
from ..functional._options import flag, word
from . import _sources
from ._download import download as fetch
from ._folder import existing_folder
from ._labels import check_labels
from ._sources import Source
from .split import Split

IMAGE_SHAPE = (3, 32, 32)
LARGEST_NAMES = 1 << 16
TRAIN_FILES_10 = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
FILES_10 = (*TRAIN_FILES_10, "test_batch.bin", "batches.meta.txt")
FILES_100 = ("train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt")


def cifar10(root: str | os.PathLike[str], download: bool = False) -> tuple[Split, Split]:
    """Read CIFAR-10, 60,000 photographs in ten classes, in its binary version.

    Parameters
    ----------
    root : str or path-like
        A folder with ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``, or with the folder
        ``cifar-10-batches-bin`` that has them.
    download : bool
        If the files are missing, download the archive with them, 162 MB, with its checksum, into the folder, which is
        made if there is none. Needs the extra ``data``.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Each a `Split`: images uint8, shape (n, 3, 32, 32), which `DataLoader` turns into float32 in [0, 1], and labels
        int64, shape (n,). ``classes`` are the names in ``batches.meta.txt``, None if it is missing.

    Raises
    ------
    TypeError
        `root` is not a path, or `download` not a bool.
    OSError
        The folder, or one of the files, is missing or cannot be read, or (ConnectionError) cannot be downloaded.
    ValueError
        A file is not a whole number of records, or a label is out of range. The text starts with the path.
    ImportError
        `download` without the extra ``data``.

    References
    ----------
    A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009,
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> cifar10("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    folder = _folder("cifar10", root, download, _sources.CIFAR10, "cifar-10-batches-bin", FILES_10)
    classes = _names(folder / "batches.meta.txt")
    train = _read(folder, TRAIN_FILES_10, (10,), 0, classes)
    return train, _read(folder, ("test_batch.bin",), (10,), 0, classes)


def cifar100(
    root: str | os.PathLike[str], download: bool = False, labels: str = "fine"
) -> tuple[Split, Split]:
    """Read CIFAR-100, 60,000 photographs in a hundred classes, in its binary version.

    Parameters
    ----------
    root : str or path-like
        A folder with ``train.bin`` and ``test.bin``, or with the folder ``cifar-100-binary`` that has them.
    download : bool
        If the files are missing, download the archive with them, 161 MB. Needs the extra ``data``.
    labels : {"fine", "coarse"}
        A hundred classes, or their twenty groups.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        As of `cifar10`; ``classes`` from ``fine_label_names.txt`` or ``coarse_label_names.txt``.

    Raises
    ------
    TypeError, OSError, ValueError, ImportError
        As `cifar10`; ValueError also for other `labels`.

    References
    ----------
    As of `cifar10`.

    Examples
    --------
    >>> cifar100("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    column = ("coarse", "fine").index(word("cifar100", "labels", labels, ("fine", "coarse")))
    folder = _folder("cifar100", root, download, _sources.CIFAR100, "cifar-100-binary", FILES_100)
    classes = _names(folder / f"{labels}_label_names.txt")
    train, test = (_read(folder, (f"{part}.bin",), (20, 100), column, classes) for part in ("train", "test"))
    return train, test


def _folder(
    function: str, root: str | os.PathLike[str], download: bool, source: Source, inner: str, files: tuple[str, ...]
) -> Path:
    """The folder that has the files: `root`, or its folder `inner`."""
    download = flag(function, "download", download)
    outer = Path(file_path(function, root, "root"))
    folder = outer if any((outer / name).exists() for name in files) else outer / inner
    missing = [name for name in files if not (folder / name).exists()]
    if download and any(name.endswith(".bin") for name in missing):
        (archive,) = source.md5
        _unpack(fetch(source, archive, outer), inner, missing, folder)
    existing_folder(function, root)
    return folder


def _unpack(archive: Path, inner: str, names: list[str], folder: Path) -> None:
    """Take files out of an archive whose checksum is right."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive, "r:gz") as members:
        for name in names:
            try:
                content = members.extractfile(f"{inner}/{name}")
            except KeyError:
                content = None
            if content is None:
                raise ValueError(f"{archive}: there is no {inner}/{name}")
            with content, atomic_write(folder / name) as file:
                while piece := content.read(1 << 20):
                    file.write(piece)


def _read(
    folder: Path, names: tuple[str, ...], classes: tuple[int, ...], column: int, class_names: tuple[str, ...] | None
) -> Split:
    """Read files whose records begin with one label for each of `classes`, of which one column is wanted."""
    pixels = np.prod(IMAGE_SHAPE)
    parts = [_records(folder / name, len(classes) + int(pixels)) for name in names]
    for name, part in zip(names, parts, strict=True):
        for i, count in enumerate(classes):
            check_labels(f"{folder / name}: labels", part[:, i], 0, count)
    images = np.concatenate([part[:, len(classes) :] for part in parts]).reshape(-1, *IMAGE_SHAPE)
    labels = np.concatenate([part[:, column] for part in parts]).astype(np.int64)
    if class_names is not None and len(class_names) != classes[column]:
        raise ValueError(f"{folder}: {len(class_names)} names for {classes[column]} classes")
    return Split(images, labels, class_names)


def _records(path: Path, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    with open_regular(str(path)) as file:
        content = file.read()
    if not content or len(content) % size:
        raise ValueError(f"{path}: not a whole number of records of {size} bytes, the file has {len(content)} bytes")
    return np.frombuffer(content, np.uint8).reshape(-1, size)


def _names(path: Path) -> tuple[str, ...] | None:
    """Class names, one a line; None if there is no such file."""
    try:
        with open_regular(str(path)) as file:
            text = file.read(LARGEST_NAMES).decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: names of classes must be text ({error})") from None
    return tuple(text.split())
