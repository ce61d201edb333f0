"""MNIST: handwritten digits."""

import os

from . import _sources
from ._idx_folder import read_four_files
from .split import Split


def mnist(root: str | os.PathLike[str], download: bool = False) -> tuple[Split, Split]:
    """Read MNIST, or any data set in its format, from a folder.

    The folder holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
    ``t10k-labels-idx1-ubyte``, each plain or with ``.gz``, with a dash or a dot before ``idx``.

    Parameters
    ----------
    root : str or path-like
    download : bool
        Download those of the four files that are missing, 11 MB, with checksums, into the folder, which is made if
        there is none. Needs the extra ``data``.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Each a `Split`: images uint8, shape (n, 1, h, w), which `DataLoader` turns into float32 in [0, 1], and labels
        int64, shape (n,). ``classes`` is None, as the files do not say it.

    Raises
    ------
    TypeError
        `root` is not a path, or `download` not a bool.
    OSError
        The folder, or one of the four files, is missing or cannot be read, or (ConnectionError) cannot be downloaded.
    ValueError
        A file is damaged, or images and labels differ in number. The text starts with the path.
    ImportError
        `download` without the extra ``data``.

    See Also
    --------
    fashion_mnist, kmnist, emnist : relatives in the same format.

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
    return read_four_files("mnist", root, download, _sources.MNIST)
