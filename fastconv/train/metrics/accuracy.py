"""The share of right decisions."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..._geometry import integer
from ...functional._options import flag
from .metric import Metric, class_ids


class Accuracy(Metric):
    """The share of decisions that are right, in [0, 1]; NaN where there was nothing to decide.

    Parameters
    ----------
    binary : bool
        Each output is a yes-or-no decision of its own, right if the logit is positive where the target is above one
        half. Otherwise the largest logit along axis 1 is the decision; targets are class ids without that axis, or
        probabilities.
    ignore_index : int, optional
        Targets of this class id do not count.

    Examples
    --------
    >>> accuracy = Accuracy()
    >>> accuracy.update(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    >>> accuracy.value()
    0.5
    """

    name = "accuracy"

    def __init__(self, binary: bool = False, ignore_index: int | None = None) -> None:
        self.binary = flag("Accuracy", "binary", binary)
        self.ignore_index = ignored("Accuracy", ignore_index)
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self.right, self.decisions = 0, 0

    def update(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Count the decisions of a batch."""
        if self.binary:
            right = (outputs > 0) == (targets > 0.5)
            self.right += int(right.sum())
            self.decisions += right.size
            return
        ids = class_ids(outputs, targets)
        right, decisions = outputs.argmax(axis=1) == ids, ids.size
        if self.ignore_index is not None:
            ignored = ids == self.ignore_index
            if (count := np.count_nonzero(ignored)) > 0:
                right &= ~ignored
                decisions -= int(count)
        self.right += int(np.count_nonzero(right))
        self.decisions += decisions

    def merge_state(self, other: Self) -> None:
        """Add what another one has counted."""
        self.check_same_kind(other)
        self.right += other.right
        self.decisions += other.decisions

    def value(self) -> float:
        """Right decisions over all decisions."""
        return self.right / self.decisions if self.decisions else math.nan


def ignored(metric: str, ignore_index: Any) -> int | None:
    """A class id that does not count, or None."""
    return None if ignore_index is None else integer(metric, "ignore_index", ignore_index, -(2**63), 2**63 - 1)
