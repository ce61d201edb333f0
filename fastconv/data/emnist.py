"""EMNIST: handwritten letters and digits."""

import os
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np

from ..functional._options import word
from ._folder import existing_folder
from ._idx_folder import read_pair
from .split import Split

# Lower-case letters that look like their capitals are one class with them.
_UNLIKE_CAPITALS = "abdefghnqrt"
CLASSES = {
    "byclass": digits + ascii_uppercase + ascii_lowercase,
    "bymerge": digits + ascii_uppercase + _UNLIKE_CAPITALS,
    "balanced": digits + ascii_uppercase + _UNLIKE_CAPITALS,
    "letters": ascii_lowercase,
    "digits": digits,
    "mnist": digits,
}


def emnist(root: str | os.PathLike[str], split: str = "balanced") -> tuple[Split, Split]:
    """Read one of the six data sets of EMNIST, handwritten letters and digits, from a folder.

    The images are turned upright: in the files their rows and columns are exchanged.

    Parameters
    ----------
    root : str or path-like
        A folder with the unpacked ``gzip.zip`` of EMNIST: files such as ``emnist-letters-train-images-idx3-ubyte``,
        plain or with ``.gz``.
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        As of `mnist`, with ``classes``. The labels of ``"letters"`` begin at 1 in the files, and at 0 here.

    Raises
    ------
    TypeError, OSError, ValueError
        As `mnist`; ValueError also for a label without a class and an unknown `split`.

    References
    ----------
    G. Cohen, S. Afshar, J. Tapson and A. van Schaik, *EMNIST: an extension of MNIST to handwritten letters*, 2017,
    https://arxiv.org/abs/1702.05373, https://www.nist.gov/itl/products-and-services/emnist-dataset

    Examples
    --------
    >>> emnist("/no/such/folder", "letters")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    classes = tuple(CLASSES[word("emnist", "split", split, CLASSES)])
    folder = existing_folder("emnist", root)
    first = 1 if split == "letters" else 0
    pairs = (read_pair(folder, f"emnist-{split}-{part}", classes, first) for part in ("train", "test"))
    train, test = (Split(np.ascontiguousarray(images.swapaxes(2, 3)), labels, classes) for images, labels in pairs)
    return train, test
