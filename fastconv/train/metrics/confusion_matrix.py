"""Which class is taken for which."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .accuracy import ignored
from .metric import Metric, class_ids


class ConfusionMatrix(Metric):
    """Counts of samples: one row per true class, one column per decision, as in scikit-learn.

    Parameters
    ----------
    ignore_index : int, optional
        Targets of this class id do not count.

    Examples
    --------
    >>> matrix = ConfusionMatrix()
    >>> matrix.update(np.array([[0.1, 2.0], [3.0, 1.0], [0.0, 1.0]]), np.array([1, 1, 0]))
    >>> matrix.value()
    array([[0, 1],
           [1, 1]])
    """

    name = "confusion_matrix"

    def __init__(self, ignore_index: int | None = None) -> None:
        self.ignore_index = ignored("ConfusionMatrix", ignore_index)
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self.counts = np.zeros((0, 0), np.int64)

    def update(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Count the decisions of a batch; how many classes there are is told by axis 1 of `outputs`."""
        ids = class_ids(outputs, targets).ravel()
        classes = outputs.shape[1]
        if self.counts.shape[0] != classes:
            self.counts = np.zeros((classes, classes), np.int64)
        decisions = outputs.argmax(axis=1).ravel()
        counted = (ids >= 0) & (ids < classes)
        if self.ignore_index is not None:
            counted &= ids != self.ignore_index
        cells = ids[counted].astype(np.int64) * classes + decisions[counted]
        self.counts += np.bincount(cells, minlength=classes**2).reshape(classes, classes)

    def merge_state(self, other: Self) -> None:
        """Add what another one has counted."""
        self.check_same_kind(other)
        if self.counts.shape == other.counts.shape:
            self.counts += other.counts
        elif other.counts.size:  # this one has counted nothing
            self.counts = other.counts.copy()

    def value(self) -> NDArray[np.int64]:
        """The matrix, int64, shape (classes, classes)."""
        return self.counts.copy()
