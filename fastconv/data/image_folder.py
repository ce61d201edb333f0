"""Folders of photographs and drawings, one for each class."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._extras import require
from .._files import open_regular
from .._geometry import Pair, is_sequence, pair, shown
from ..functional._options import flag
from ._folder import existing_folder
from .split import Split

ENDINGS = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))


def image_folder(
    path: str | os.PathLike[str],
    size: int | Pair | None = None,
    grayscale: bool = False,
    classes: Sequence[str] | None = None,
) -> Split:
    """Read a folder with one folder of images for each class.

    ``pets/cat/tom.jpg`` and ``pets/dog/2024/rex.png`` are an image of the class ``cat`` and one of ``dog``. Files that
    are no images by their ending, and names that start with a dot, are passed over. Needs the extra ``data``.

    Parameters
    ----------
    path : str or path-like
    size : int or (int, int), optional
        Height and width that all images are resized to, with smoothing, whatever their shape. None: they all have the
        same size.
    grayscale : bool
        One channel instead of red, green and blue.
    classes : sequence of str, optional
        Names of folders in the order of their labels, as in ``image_folder("test", classes=train.classes)``. None: all
        folders, sorted by name.

    Returns
    -------
    (X, y) : Split
        Images uint8, shape (n, 3, h, w) or (n, 1, h, w), class by class and sorted by path, turned as their camera
        says, without transparency. Labels int64. ``classes`` are the names of the folders.

    Raises
    ------
    TypeError
        An argument is something else; the text names it.
    OSError
        The folder, or one of `classes`, is missing or cannot be read.
    ValueError
        There are fewer than two classes, a class without images, a file that is no readable image, more than 8 bits
        for each channel, or images of different sizes without `size`; the text starts with the path.
    ImportError
        The extra ``data`` is missing.

    Examples
    --------
    >>> image_folder("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    wanted = None if size is None else pair("image_folder", "size", size, 1)
    mode = "L" if flag("image_folder", "grayscale", grayscale) else "RGB"
    given = None if classes is None else _checked(classes)
    folder = existing_folder("image_folder", path, "path")
    names = given or _folder_names(folder)
    files = [(file, label) for label, name in enumerate(names) for file in _image_files(folder / name)]
    images: NDArray[np.uint8] | None = None
    for i, (file, _) in enumerate(files):
        image = read_picture(file, wanted, mode)
        if images is None:
            images = np.empty((len(files), *image.shape), np.uint8)
        elif image.shape != images.shape[1:]:
            (_, height, width), (*_, rows, columns) = image.shape, images.shape
            raise ValueError(
                f"{file}: {height} x {width} pixels, but {files[0][0]} has {rows} x {columns}; "
                "image_folder(size=...) makes them equal"
            )
        images[i] = image
    assert images is not None
    return Split(images, np.array([label for _, label in files], np.int64), names)


def _checked(classes: Any) -> tuple[str, ...]:
    if not is_sequence(classes) or not all(isinstance(name, str) for name in classes):
        raise TypeError(f"image_folder: classes must be a sequence of str, got {shown(classes)}")
    if not classes or len(set(classes)) < len(classes):
        raise ValueError(f"image_folder: classes must be different names, at least one, got {shown(classes)}")
    return tuple(classes)


def _folder_names(folder: Path) -> tuple[str, ...]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(names) < 2:
        found = f"only {names[0]!r}" if names else "none"
        raise ValueError(f"{folder}: there must be a folder for each of at least two classes, there is {found}")
    return tuple(names)


def _image_files(folder: Path) -> list[Path]:
    """The images in a folder and the folders in it, sorted by path."""
    existing_folder("image_folder", folder)
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".") and _is_image(name)]
    if not files:
        raise ValueError(f"{folder}: there is no image in the folder of this class")
    return sorted(files)


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in ENDINGS


def _raise(error: OSError) -> None:
    raise error


def read_picture(path: Path, size: Pair | None, mode: str) -> NDArray[np.uint8]:
    """The pixels of a file, shape (c, h, w)."""
    Image, ImageOps = (require(f"PIL.{name}", "fastconv.data.image_folder", "data") for name in ("Image", "ImageOps"))
    with open_regular(str(path)) as file:
        try:
            with Image.open(file) as stored:
                if stored.mode[0] in "IF":
                    raise ValueError(f"it has more than 8 bits a pixel, mode {stored.mode}")
                image = ImageOps.exif_transpose(stored).convert(mode)
            if size is not None:
                image = image.resize(size[::-1], Image.Resampling.BILINEAR)
            pixels = np.asarray(image)
        except MemoryError:
            raise
        except Exception as error:  # what Pillow raises on damage depends on the format and on where it is
            raise ValueError(f"{path}: not a readable image ({error})") from None
    return pixels[None] if mode == "L" else pixels.transpose(2, 0, 1)
