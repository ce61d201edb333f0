"""Batches from arrays."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import integer
from ..functional._options import flag
from ._generator import generator

Transform = Callable[[NDArray[Any]], NDArray[Any]]


class DataLoader:
    """Iterates over ``(images, targets)`` batch by batch.

    Parameters
    ----------
    X : ndarray, shape (n, ...), uint8, float32 or float64
        uint8 becomes float32 in [0, 1], batch by batch, so that a large data set stays small in memory.
    y : array-like, shape (n, ...)
        Targets. Integers are class ids.
    batch_size : int
    shuffle : bool
        Draw a new order from `rng` whenever an iteration starts.
    drop_last : bool
        Leave out the last batch if it is smaller than `batch_size`.
    rng : int, numpy.random.Generator or None
        Where the orders come from. None: a generator seeded by the operating system.
    transform : callable, optional
        Called with each batch of images, after the conversion to float; its result replaces the batch.

    Notes
    -----
    Batches are copies: `X` and `y` stay as they are. ``len(loader)`` is the number of batches.

    Examples
    --------
    >>> X, y = np.zeros((10, 1, 8, 8), np.uint8), np.arange(10)
    >>> loader = DataLoader(X, y, batch_size=4, shuffle=True, rng=0)
    >>> len(loader), [len(targets) for images, targets in loader]
    (3, [4, 4, 2])
    """

    def __init__(
        self,
        X: NDArray[Any],
        y: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: int | np.random.Generator | None = None,
        transform: Transform | None = None,
    ) -> None:
        if not isinstance(X, np.ndarray):
            raise TypeError(f"DataLoader: X must be an array, got {type(X).__name__}")
        if X.dtype.type not in (np.uint8, np.float32, np.float64):
            raise TypeError(
                f"DataLoader: X must be uint8, float32 or float64, got {X.dtype}; use .astype(np.float32)"
            )
        targets = np.asarray(y)
        if targets.dtype.kind not in "iuf":
            raise TypeError(f"DataLoader: y must be integers or floating-point numbers, got {targets.dtype}")
        if X.ndim == 0 or targets.ndim == 0 or len(X) != len(targets):
            raise ValueError(
                f"DataLoader: X and y must have the same length, got shapes {X.shape} and {targets.shape}"
            )
        if transform is not None and not callable(transform):
            raise TypeError(f"DataLoader: transform must be callable, got {type(transform).__name__}")
        self.X = X
        self.y = targets
        self.batch_size = integer("DataLoader", "batch_size", batch_size, 1)
        self.shuffle = flag("DataLoader", "shuffle", shuffle)
        self.drop_last = flag("DataLoader", "drop_last", drop_last)
        self.rng = generator("DataLoader", rng)
        self.transform = transform

    def __len__(self) -> int:
        """Number of batches in one pass."""
        if self.drop_last:
            return len(self.X) // self.batch_size
        return -(-len(self.X) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """One pass over the data; the order is drawn now, not when the first batch is taken."""
        order = self.rng.permutation(len(self.X)) if self.shuffle else np.arange(len(self.X))
        return self._batches(order)

    def _batches(self, order: NDArray[np.int64]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for i in range(len(self)):
            chosen = order[i * self.batch_size : (i + 1) * self.batch_size]
            images = self.X[chosen]
            if images.dtype == np.uint8:
                images = images.astype(np.float32) / np.float32(255)
            if self.transform is not None:
                images = self.transform(images)
            yield images, self.y[chosen]
