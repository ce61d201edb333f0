"""Folders with the four files in which MNIST and its relatives are published."""

import os
from pathlib import Path

import numpy as np

from .._files import file_path
from ..functional._options import flag
from ._download import download as fetch
from ._folder import existing_folder
from ._labels import check_labels
from ._sources import Source
from .idx import read_idx
from .split import Split


def read_four_files(
    function: str,
    root: str | os.PathLike[str],
    download: bool,
    source: Source,
    classes: tuple[str, ...] | None = None,
) -> tuple[Split, Split]:
    """Read a folder, into which missing files are downloaded if that is wanted."""
    if flag(function, "download", download):
        _fetch_missing(source, Path(file_path(function, root, "root")))
    folder = existing_folder(function, root)
    return read_pair(folder, "train", classes), read_pair(folder, "t10k", classes)


def _fetch_missing(source: Source, folder: Path) -> None:
    for name in source.md5:
        stem, _, dimensions = name.removesuffix("-ubyte.gz").rpartition("-idx")
        if not _found(folder, stem, int(dimensions)):
            fetch(source, name, folder)


def read_pair(folder: Path, stem: str, classes: tuple[str, ...] | None, first_label: int = 0) -> Split:
    """Read the images and labels of ``{stem}-images-idx3-ubyte`` and ``{stem}-labels-idx1-ubyte``.

    Labels are counted from the first one that the files use.
    """
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
    if classes is not None:
        check_labels(f"{label_file}: labels", labels, first_label, first_label + len(classes))
    return Split(images[:, None], labels.astype(np.int64) - first_label, classes)


def _names(stem: str, dimensions: int) -> list[str]:
    """What a file may be called: `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, plain or with `.gz`."""
    return [f"{stem}{mark}idx{dimensions}-ubyte{end}" for end in ("", ".gz") for mark in "-."]


def _found(folder: Path, stem: str, dimensions: int) -> Path | None:
    return next((folder / name for name in _names(stem, dimensions) if (folder / name).exists()), None)


def _find(folder: Path, stem: str, dimensions: int) -> Path:
    path = _found(folder, stem, dimensions)
    if path is None:
        missing = str(folder / _names(stem, dimensions)[0])
        raise FileNotFoundError(2, "No such file, nor one with .gz or a dot before idx", missing)
    return path
