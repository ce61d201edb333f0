"""One set of images made two."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._generator import generator
from .._geometry import shown
from ..optim._hyperparameters import number
from .split import Split


def train_test_split(
    data: Split | tuple[NDArray[Any], NDArray[np.int64]],
    test_size: float = 0.25,
    rng: int | np.random.Generator | None = None,
) -> tuple[Split, Split]:
    """Split images at random into a training and a test set, class by class.

    Parameters
    ----------
    data : Split or (X, y)
        Images, shape (n, ...), and class ids, shape (n,).
    test_size : float
        The part of each class, between 0 and 1, that goes into the test set: rounded, but at least one image, and at
        least one stays.
    rng : int, numpy.random.Generator or None
        Where the choice comes from. None: a generator seeded by the operating system.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Copies, each a `Split` with the classes of `data`, in the order of `data`.

    Raises
    ------
    TypeError
        An argument is something else; the text names it.
    ValueError
        `test_size` is not between 0 and 1, `X` and `y` differ in length, or a class has a single image.

    Examples
    --------
    >>> X, y = np.zeros((12, 1, 8, 8), np.uint8), np.repeat([0, 1, 2], 4)
    >>> (x_train, y_train), (x_test, y_test) = train_test_split((X, y), rng=0)
    >>> y_train.tolist(), y_test.tolist()
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2])
    """
    X, y = _pair(data)
    part = number("train_test_split", "test_size", test_size, 0.0, 1.0, above=True)
    random = generator("train_test_split", rng)
    in_test = np.zeros(len(y), np.bool_)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        if len(rows) < 2:
            raise ValueError(f"train_test_split: data must have two images of each class, class {label} has one")
        count = min(max(round(part * len(rows)), 1), len(rows) - 1)
        in_test[random.permutation(rows)[:count]] = True
    classes = data.classes if isinstance(data, Split) else None
    return Split(X[~in_test], y[~in_test], classes), Split(X[in_test], y[in_test], classes)


def _pair(data: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    if not isinstance(data, tuple | list) or len(data) != 2 or not isinstance(data[0], np.ndarray):
        raise TypeError(f"train_test_split: data must be a pair (X, y) of arrays, got {shown(data)}")
    X, y = data[0], np.asarray(data[1])
    if y.dtype.kind not in "iu":
        raise TypeError(f"train_test_split: data must have class ids as y, got {y.dtype}")
    if y.ndim != 1 or X.shape[:1] != y.shape or not len(y):
        raise ValueError(
            "train_test_split: data must have one class id for each image, and images, "
            f"got shapes {X.shape} and {y.shape}"
        )
    return X, y.astype(np.int64)
