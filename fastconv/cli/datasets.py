"""What ``--data`` names: a training and a test set, whatever files they come from."""

import argparse
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import data
from .._files import open_regular
from .._geometry import Pair
from ..data import Split
from ..data._labels import check_labels
from . import network
from .arguments import positive_integer

DIGITS = "digits"
DIGITS_SIZE = 32
FOLDER_SIZE = 32
# Of images that are not published in two parts: always the same ones, so that no command tests with training images.
TEST_SHARE, TEST_SEED = 0.2, 0
TEST_FOLDERS = ("test", "val", "valid", "validation")
MOST_CLASSES = 2**16

FORMATS = (
    "a folder with MNIST's four IDX files, plain or .gz, or with CIFAR's .bin files; an .npz file with x_train, "
    "y_train, x_test and y_test, or X and y; or a folder of images, one folder for each class, maybe in folders train "
    "and test. Where there is no test set, a fifth of the images becomes one"
)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``."""
    parser.add_argument(
        "--data", metavar="PATH", help=f"{FORMATS} (default: {DIGITS}, the handwritten ones that come with fastconv)"
    )


def add_size(parser: argparse.ArgumentParser) -> None:
    """Add how images are read."""
    parser.add_argument(
        "--size",
        type=positive_integer,
        metavar="N",
        help=f"height and width that a folder of images is read with (default: {FOLDER_SIZE})",
    )
    parser.add_argument("--grayscale", action="store_true", default=None, help="read a folder of images without colors")


def read(
    name: str, size: int | Pair | None = None, grayscale: bool = False, classes: Sequence[str] | None = None
) -> tuple[Split, Split]:
    """Training and test set.

    Parameters
    ----------
    name : str
        ``"digits"``, or a path of what `FORMATS` lists.
    size : int or (int, int), optional
        Of the images of a folder.
    grayscale : bool
        Whether those of a folder have one channel.
    classes : sequence of str, optional
        The names of a folder's classes, in the order of their labels; None: those there are.

    Raises
    ------
    OSError, ValueError, ImportError
        They cannot be read, or are nothing to learn from; the text has the path.
    """
    if name == DIGITS:
        return data.digits(DIGITS_SIZE)
    if name.lower().endswith(".npz"):
        train, test = _npz(name)
    else:
        train, test = _folder(name, size or FOLDER_SIZE, grayscale, classes)
    for part, what in ((train, "training"), (test, "test")):
        if not len(part.y):
            raise ValueError(f"{name}: has no {what} images")
        check_labels(f"{name}: {what} labels", part.y, 0, MOST_CLASSES if part is train else int(train.y.max()) + 1)
    if train.X.shape[1:] != test.X.shape[1:]:
        raise ValueError(f"{name}: training images have shape {train.X.shape[1:]}, test images {test.X.shape[1:]}")
    return train, test


def check_classes(name: str, train: Split) -> None:
    """Refuse to train on images of one class."""
    if (train.y == train.y[0]).all():
        raise ValueError(
            f"{name}: all {len(train.y)} training images have the label {train.y[0]}; there must be two classes"
        )


def _npz(name: str) -> tuple[Split, Split]:
    if "x_train" not in _arrays(name) and "X" in _arrays(name):
        return data.train_test_split(data.read_npz(name), TEST_SHARE, TEST_SEED)
    return data.read_npz(name, "x_train", "y_train"), data.read_npz(name, "x_test", "y_test")


def _arrays(name: str) -> set[str]:
    """Names of the arrays in an archive; none, if it is damaged."""
    with open_regular(name) as file:
        try:
            return {member.removesuffix(".npy") for member in zipfile.ZipFile(file).namelist()}
        except (zipfile.BadZipFile, ValueError):
            return set()


def _folder(name: str, size: int | Pair, grayscale: bool, classes: Sequence[str] | None) -> tuple[Split, Split]:
    """Read a folder, by what is in it."""
    inside = set(os.listdir(name))
    if any(file.startswith(("train-", "t10k-")) for file in inside):
        return data.mnist(name)
    if inside & {"cifar-10-batches-bin", "data_batch_1.bin"}:
        return data.cifar10(name)
    if inside & {"cifar-100-binary", "train.bin"}:
        return data.cifar100(name)
    folder = Path(name)
    if not any((folder / entry).is_dir() for entry in inside):
        raise ValueError(f"{name}: has neither MNIST's IDX files nor CIFAR's .bin files nor a folder for each class")
    tests = [part for part in TEST_FOLDERS if (folder / part).is_dir()]
    if (folder / "train").is_dir() and tests:
        train = data.image_folder(folder / "train", size, grayscale, classes)
        return train, data.image_folder(folder / tests[0], size, grayscale, train.classes)
    return data.train_test_split(data.image_folder(folder, size, grayscale, classes), TEST_SHARE, TEST_SEED)


def for_network(name: str, path: str, meta: dict[str, Any]) -> Split:
    """The test set, as the trained network in a file takes it.

    Raises
    ------
    OSError, ValueError, ImportError
        As `read`; or the network does not take these images, or has no class for a label.
    """
    _, channels, *size = network.input_shape(meta)
    _, test = read(name, (size[0], size[1]), channels == 1, meta.get("class_names"))
    classes, row = meta["num_classes"], int((test.y >= meta["num_classes"]).argmax())
    if test.y[row] >= classes:
        raise ValueError(f"{name}: has the label {test.y[row]} (test image {row}), {path} knows {classes} classes")
    try:
        return Split(network.fit(test.X, meta), test.y, test.classes)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
