"""Kuzushiji-MNIST: cursive Japanese characters."""

import os

from . import _sources
from ._idx_folder import read_four_files
from .split import Split

CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


def kmnist(root: str | os.PathLike[str], download: bool = False) -> tuple[Split, Split]:
    """Read Kuzushiji-MNIST, 70,000 cursive Japanese characters in ten classes, from a folder.

    Parameters
    ----------
    root : str or path-like
        A folder with the four files, named as in `mnist`.
    download : bool
        Download those of the four files that are missing, 21 MB. Needs the extra ``data``.

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
    T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto and D. Ha, *Deep Learning for Classical Japanese
    Literature*, 2018, https://arxiv.org/abs/1812.01718, http://codh.rois.ac.jp/kmnist, CC BY-SA 4.0.

    Examples
    --------
    >>> kmnist("/no/such/folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such directory: '/no/such/folder'
    """
    return read_four_files("kmnist", root, download, _sources.KMNIST, CLASSES)
