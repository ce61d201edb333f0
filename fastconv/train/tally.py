"""The loss and the metrics, added up over batches."""

import math
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from numpy.typing import NDArray

from .._geometry import is_sequence, shown
from ..distributed.communicator import Communicator
from ..nn import BCEWithLogitsLoss, HuberLoss, L1Loss, MSELoss, SmoothL1Loss
from .metrics import Accuracy, ConfusionMatrix, Metric, TopKAccuracy

_OF_NUMBERS = (MSELoss, L1Loss, HuberLoss, SmoothL1Loss)


def metrics_for(loss: Any, metrics: Sequence[str | Metric] | None) -> list[Metric]:
    """The metrics that are meant; None: accuracy, unless the loss is one of numbers rather than of decisions."""
    if metrics is None:
        metrics = () if isinstance(loss, _OF_NUMBERS) else ("accuracy",)
    if not is_sequence(metrics):
        raise TypeError(f"Trainer: metrics must be a sequence of names and Metrics, got {shown(metrics)}")
    made = [_metric(loss, metric) for metric in metrics]
    names = [metric.name for metric in made]
    if len({"loss", *names}) <= len(names):
        raise ValueError(f"Trainer: metrics must have different names, none of them 'loss', got {names}")
    return made


def _metric(loss: Any, metric: Any) -> Metric:
    if isinstance(metric, Metric):
        return metric
    if not isinstance(metric, str):
        raise TypeError(f"Trainer: metrics must be names and Metrics, got {shown(metric)}")
    ignore_index = getattr(loss, "ignore_index", None)
    if metric == "accuracy":
        return Accuracy(isinstance(loss, BCEWithLogitsLoss), ignore_index)
    if metric == "confusion_matrix":
        return ConfusionMatrix(ignore_index)
    if top := re.fullmatch(r"top([1-9][0-9]{0,5})_accuracy", metric):
        return TopKAccuracy(int(top[1]), ignore_index)
    raise ValueError(f"Trainer: metrics must be accuracy, top<k>_accuracy or confusion_matrix, got {metric!r}")


class Tally:
    """Mean loss and metrics over batches of different sizes.

    Parameters
    ----------
    metrics : sequence of Metric
        Copies of them count.
    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = [deepcopy(metric) for metric in metrics]
        self.loss, self.samples = 0.0, 0
        for metric in self.metrics:
            metric.reset()

    def add(self, outputs: NDArray[Any], targets: NDArray[Any], loss: float) -> None:
        """Count a batch, whose mean loss is `loss`."""
        if len(outputs) == 0:  # the part of a rank that a small batch had nothing for
            return
        self.loss += loss * len(outputs)
        self.samples += len(outputs)
        for metric in self.metrics:
            metric.update(outputs, targets)

    def over(self, communicator: Communicator) -> "Tally":
        """What all ranks have counted; every one gets the same numbers."""
        if communicator.size == 1:
            return self
        total = Tally(self.metrics)
        for loss, samples, metrics in communicator.allgather_object((self.loss, self.samples, self.metrics)):
            total.loss += loss
            total.samples += samples
            for metric, other in zip(total.metrics, metrics, strict=True):
                metric.merge_state(other)
        return total

    def values(self) -> dict[str, Any]:
        """``"loss"`` and the metrics by name; NaN where nothing was counted."""
        loss = self.loss / self.samples if self.samples else math.nan
        return {"loss": loss} | {metric.name: metric.value() for metric in self.metrics}

    def state_dict(self) -> dict[str, Any]:
        """What was counted so far."""
        return {
            "loss": self.loss,
            "samples": self.samples,
            "metrics": {metric.name: metric.state_dict() for metric in self.metrics},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on counting from a `state_dict`."""
        saved = state["metrics"]
        names = [metric.name for metric in self.metrics]
        if list(saved) != names:
            raise ValueError(f"metrics must be {list(saved)} as before, got {names}")
        for metric in self.metrics:
            metric.load_state_dict(saved[metric.name])
        self.loss, self.samples = state["loss"], state["samples"]
