"""The share of samples whose class is among the first guesses."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..._geometry import integer
from .accuracy import ignored
from .metric import Metric, class_ids


class TopKAccuracy(Metric):
    """The share of samples whose class has one of the `k` largest logits, in [0, 1].

    Of equal logits, that of the smaller class id is taken for the larger, as ``argmax`` does.

    Parameters
    ----------
    k : int
    ignore_index : int, optional
        Targets of this class id do not count.

    Examples
    --------
    >>> top = TopKAccuracy(2)
    >>> top.update(np.array([[0.1, 2.0, 1.0], [3.0, 1.0, 2.0]]), np.array([2, 1]))
    >>> top.name, top.value()
    ('top2_accuracy', 0.5)
    """

    def __init__(self, k: int = 5, ignore_index: int | None = None) -> None:
        self.k = integer("TopKAccuracy", "k", k, 1)
        self.ignore_index = ignored("TopKAccuracy", ignore_index)
        self.name = f"top{self.k}_accuracy"
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self.right, self.samples = 0, 0

    def update(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Count the samples of a batch."""
        ids = class_ids(outputs, targets)
        counted = (ids >= 0) & (ids < outputs.shape[1])
        if self.ignore_index is not None:
            counted &= ids != self.ignore_index
        places = np.expand_dims(np.where(counted, ids, 0), 1)
        own = np.take_along_axis(outputs, places, axis=1)
        classes = np.arange(outputs.shape[1]).reshape(1, -1, *(1,) * (outputs.ndim - 2))
        ahead = (outputs > own) | ((outputs == own) & (classes < places))
        found = (ahead.sum(axis=1) < self.k) & ~np.isnan(own[:, 0])
        self.right += int((found & counted).sum())
        self.samples += int(counted.sum())

    def merge_state(self, other: Self) -> None:
        """Add what another one has counted."""
        self.check_same_kind(other)
        self.right += other.right
        self.samples += other.samples

    def value(self) -> float:
        """Samples whose class was found over all samples."""
        return self.right / self.samples if self.samples else math.nan
