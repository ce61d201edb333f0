"""A rate that drops when training gets stuck."""

import math
from collections.abc import Sequence
from typing import Any

from fastconv._geometry import shown

from .._hyperparameters import number
from ._arguments import per_group, share, whole
from .scheduler import HasGroups, LRScheduler, with_groups


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by `factor` when a metric has not improved for more than `patience` steps.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether a smaller or a larger metric is better.
    factor : float
        In [0, 1).
    patience : int
        Steps without improvement that are put up with.
    threshold : float
        How much better than the best so far counts as better.
    threshold_mode : {"rel", "abs"}
        Whether `threshold` is a share of the best metric or a difference to it.
    cooldown : int
        Steps after a reduction that do not count.
    min_lr : float or list of float
        The lowest rate, one for all groups or one each.
    eps : float
        Smaller changes of the rate are not made.

    Attributes
    ----------
    best : float or None
        The best metric so far.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0, 1.0):
    ...     schedule.step(loss)
    ...     print(schedule.get_last_lr())
    [1.0]
    [1.0]
    [1.0]
    [0.5]
    [0.5]
    """

    _ignored = LRScheduler._ignored | {"mode_worse", "default_min_lr"}

    def __init__(
        self,
        optimizer: HasGroups,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        name = "ReduceLROnPlateau"
        self.optimizer = with_groups(name, optimizer)
        self.mode = _one_of(name, "mode", mode, ("min", "max"))
        self.factor = share(name, "factor", factor)
        if self.factor == 1:
            raise ValueError(f"{name}: factor must be < 1, got {factor}")
        self.patience = whole(name, "patience", patience)
        self.threshold = number(name, "threshold", threshold)
        self.threshold_mode = _one_of(name, "threshold_mode", threshold_mode, ("rel", "abs"))
        self.cooldown = whole(name, "cooldown", cooldown)
        self.min_lrs = per_group(name, "min_lr", min_lr, len(optimizer.param_groups))
        self.eps = number(name, "eps", eps)
        self.best: float | None = None
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0
        self._last_lr = self._current()

    @property
    def in_cooldown(self) -> bool:
        """Whether steps do not count now."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]  # as PyTorch's, it needs to know how training goes
        """Look at the metric of another step, and lower the rates if it has not improved for too long.

        Parameters
        ----------
        metrics : float
            NaN counts as no improvement.
        """
        if isinstance(metrics, str | bytes) or not hasattr(metrics, "__float__"):
            raise TypeError(f"ReduceLROnPlateau: metrics must be a number, got {shown(metrics)}")
        metric = float(metrics)
        self.last_epoch += 1
        if self._is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._current()

    def _is_better(self, metric: float) -> bool:
        smaller = self.mode == "min"
        best = self.best
        if best is None:
            best = math.inf if smaller else -math.inf
        sign = -1 if smaller else 1
        bound = best * (1 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return metric < bound if smaller else metric > bound

    def _reduce(self) -> None:
        for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            rate = max(group["lr"] * self.factor, lowest)
            if group["lr"] - rate > self.eps:
                group["lr"] = rate


def _one_of(scheduler: str, name: str, value: Any, allowed: tuple[str, str]) -> str:
    if value not in allowed:
        kind = ValueError if isinstance(value, str) else TypeError
        raise kind(f"{scheduler}: {name} must be {allowed[0]!r} or {allowed[1]!r}, got {shown(value)}")
    return str(value)
