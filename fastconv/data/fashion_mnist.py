"""Fashion-MNIST: pictures of clothes."""

import os

from . import _sources
from ._idx_folder import read_four_files
from .split import Split

CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def fashion_mnist(root: str | os.PathLike[str], download: bool = False) -> tuple[Split, Split]:
    """Read Fashion-MNIST, 70,000 pictures of clothes in ten classes, from a folder.

    Parameters
    ----------
    root : str or path-like
        A folder with the four files, named as in `mnist`.
    download : bool
        Download those of the four files that are missing, 30 MB. Needs the extra ``data``.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        As of `mnist`, with ``classes`` and labels in [0, 10).

    Raises
    ------
    TypeError, OSError, ValueError, ImportError
        As `mnist`; ValueError also for a label beyond 9.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms*, 2017, https://arxiv.org/abs/1708.07747, https://github.com/zalandoresearch/fashion-mnist, MIT licence.

    Examples
    --------
    >>> fashion_mnist("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    return read_four_files("fashion_mnist", root, download, _sources.FASHION_MNIST, CLASSES)
