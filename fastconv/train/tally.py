"""Losses and right answers, added up over batches."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def count_correct(
    outputs: NDArray[Any], targets: NDArray[Any], binary: bool, ignore_index: int | None
) -> tuple[int, int]:
    """Count right decisions and all decisions.

    Parameters
    ----------
    outputs : ndarray, shape (n, ...)
        Logits.
    targets : ndarray, shape (n, ...)
        Class ids without the class axis (axis 1 of `outputs`), or probabilities in the shape of `outputs`.
    binary : bool
        Each output is a yes-or-no decision of its own, right if the logit is positive where the probability
        is above one half. Otherwise the largest logit along axis 1 is the decision.
    ignore_index : int, optional
        Targets of this class id do not count.

    Examples
    --------
    >>> count_correct(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]), False, None)
    (1, 2)
    """
    if binary:
        right = (outputs > 0) == (targets > 0.5)
        return int(right.sum()), right.size
    decisions = outputs.argmax(axis=1)
    if targets.ndim == outputs.ndim:
        targets = targets.argmax(axis=1)
    counted = np.ones(targets.shape, bool) if ignore_index is None else targets != ignore_index
    return int(((decisions == targets) & counted).sum()), int(counted.sum())


class Tally:
    """Mean loss and accuracy over batches of different sizes."""

    def __init__(self, binary: bool, ignore_index: int | None) -> None:
        self.binary, self.ignore_index = binary, ignore_index
        self.loss, self.samples, self.correct, self.decisions = 0.0, 0, 0, 0

    def add(self, outputs: NDArray[Any], targets: NDArray[Any], loss: float) -> None:
        """Count a batch, whose mean loss is `loss`."""
        correct, decisions = count_correct(outputs, targets, self.binary, self.ignore_index)
        self.loss += loss * len(outputs)
        self.samples += len(outputs)
        self.correct += correct
        self.decisions += decisions

    def means(self) -> dict[str, float]:
        """``"loss"`` and ``"accuracy"``; NaN where nothing was counted."""
        return {
            "loss": self.loss / self.samples if self.samples else math.nan,
            "accuracy": self.correct / self.decisions if self.decisions else math.nan,
        }
