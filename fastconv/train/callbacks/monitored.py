"""A number in the history that should become better."""

import math
from collections.abc import Mapping
from typing import Any

from ..._geometry import shown
from ...functional._options import word
from ...optim._hyperparameters import number
from ..run import Run
from .callback import checked_state


class Monitored:
    """The best value so far of a metric.

    Parameters
    ----------
    owner : str
        Whose argument this is, for the texts of errors.
    monitor : str
        Key in ``run.metrics``.
    mode : {"min", "max"}, optional
        Which values are better. None: the larger, if the name ends in ``accuracy``, else the smaller.
    min_delta : float
        By how much a value has to be better to count.

    Examples
    --------
    >>> monitored = Monitored("f", "val_accuracy")
    >>> [monitored.improves(value) for value in (0.5, 0.5, 0.75, float("nan"))], monitored.best
    ([True, False, True, False], 0.75)
    """

    def __init__(self, owner: str, monitor: str, mode: str | None = None, min_delta: float = 0.0) -> None:
        if not isinstance(monitor, str):
            raise TypeError(f"{owner}: monitor must be a str, got {shown(monitor)}")
        self.owner, self.monitor = owner, monitor
        if mode is None:
            mode = "max" if monitor.endswith("accuracy") else "min"
        self.mode = word(owner, "mode", mode, ("min", "max"))
        self.min_delta = number(owner, "min_delta", min_delta)
        self.best: float | None = None

    def reset(self) -> None:
        """Forget the best value."""
        self.best = None

    def value(self, run: Run) -> float:
        """The metric of the epoch that was completed last.

        Raises
        ------
        ValueError
            It was not measured; the text lists what was.
        """
        if self.monitor not in run.metrics:
            raise ValueError(f"{self.owner}: monitor must be one of {list(run.metrics)}, got {self.monitor!r}")
        return float(run.metrics[self.monitor])

    def improves(self, value: float) -> bool:
        """Whether a value is better than the best so far, which it then becomes; NaN never is."""
        sign = 1.0 if self.mode == "max" else -1.0
        if math.isnan(value) or (self.best is not None and not sign * (value - self.best) > self.min_delta):
            return False
        self.best = value
        return True

    def state_dict(self) -> dict[str, Any]:
        """The best value."""
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        best = checked_state(self.owner, state, "best")["best"]
        if best is not None and type(best) is not float:
            raise ValueError(f"{self.owner}: best must be a number or None, got {shown(best)}")
        self.best = best
