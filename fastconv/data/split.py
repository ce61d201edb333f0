"""Images and labels that belong together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Split(tuple[NDArray[Any], NDArray[np.int64]]):
    """Images, their labels, and the names of the classes: the tuple ``(X, y)`` with a third thing known about it.

    All data sets and readers of labelled images give it; ``X, y = split`` and ``Trainer.fit(split)`` work as with any
    tuple.

    Attributes
    ----------
    X : ndarray, shape (n, c, h, w)
    y : ndarray of int64, shape (n,)
    classes : tuple of str, or None
        ``classes[y[i]]`` is the name of the class of image `i`; None where the files do not say it.

    Examples
    --------
    >>> split = Split(np.zeros((3, 1, 8, 8), np.uint8), np.array([0, 1, 1]), ("cat", "dog"))
    >>> X, y = split
    >>> [split.classes[label] for label in y]
    ['cat', 'dog', 'dog']
    >>> split
    Split(X=uint8 (3, 1, 8, 8), y=int64 (3,), classes=2)
    """

    classes: tuple[str, ...] | None

    def __new__(cls, X: NDArray[Any], y: NDArray[np.int64], classes: tuple[str, ...] | None = None) -> "Split":
        split = super().__new__(cls, (X, y))
        split.classes = classes
        return split

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (*self, self.classes)

    @property
    def X(self) -> NDArray[Any]:
        """The images."""
        return self[0]

    @property
    def y(self) -> NDArray[np.int64]:
        """The labels."""
        return self[1]

    def __repr__(self) -> str:
        known = "None" if self.classes is None else len(self.classes)
        return f"Split(X={self.X.dtype} {self.X.shape}, y={self.y.dtype} {self.y.shape}, classes={known})"
