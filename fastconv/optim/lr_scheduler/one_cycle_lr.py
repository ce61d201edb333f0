"""One cycle of the rate, up and down."""

import math
from collections.abc import Sequence

from fastconv.functional._options import word

from .._hyperparameters import flag, number
from ._arguments import per_group, share, whole
from .scheduler import HasGroups, LRScheduler, with_groups


class OneCycleLR(LRScheduler):
    """One climb to a high rate, then a long descent to almost nothing.

    The rate starts at ``max_lr / div_factor``, reaches `max_lr` after the share `pct_start` of the steps, and ends at
    ``max_lr / div_factor / final_div_factor``. With `three_phase` it returns to the start in as many steps as it
    climbed, and then goes on to the end. Momentum (or Adam's first beta) moves the other way with `cycle_momentum`.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float or list of float
        The peak, one for all groups or one each.
    total_steps : int, optional
        Number of steps of the cycle; without it, ``epochs * steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        Share of the cycle, in [0, 1], that is spent on the climb.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
        The optimizer must then have ``momentum`` or ``betas``.
    base_momentum, max_momentum : float or list of float
        The momentum at the peak of the rate, and at its ends.
    div_factor, final_div_factor : float
    three_phase : bool
    last_epoch : int

    Raises
    ------
    ValueError
        An argument is impossible, or `step` is called more often than the cycle has steps.

    References
    ----------
    L. N. Smith and N. Topin, *Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates*,
    2017.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.Adam([nn.Parameter(np.zeros(1))])
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.5, cycle_momentum=False)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(rate, 2) for rate in rates]
    [0.04, 0.76, 0.9, 0.35, 0.0]
    """

    def __init__(
        self,
        optimizer: HasGroups,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        name = "OneCycleLR"
        groups = with_groups(name, optimizer).param_groups
        lengths = {"total_steps": total_steps, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
        steps = {key: whole(name, key, value, 1) for key, value in lengths.items() if value is not None}
        if "total_steps" in steps:
            self.total_steps = steps["total_steps"]
        elif len(steps) < 2:
            raise ValueError(f"{name}: total_steps, or both epochs and steps_per_epoch, must be given")
        else:
            self.total_steps = steps["epochs"] * steps["steps_per_epoch"]
        self.anneal_strategy = word(name, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        rise = share(name, "pct_start", pct_start)
        self.cycle_momentum = flag(name, "cycle_momentum", cycle_momentum)
        peaks = per_group(name, "max_lr", max_lr, len(groups))
        div = number(name, "div_factor", div_factor, above=True)
        final = number(name, "final_div_factor", final_div_factor, above=True)
        low = per_group(name, "base_momentum", base_momentum, len(groups))
        high = per_group(name, "max_momentum", max_momentum, len(groups))
        for i, group in enumerate(groups):
            if self.cycle_momentum and "momentum" not in group and "betas" not in group:
                raise ValueError(
                    f"{name}: cycle_momentum needs an optimizer with momentum or betas, param_groups[{i}] has neither"
                )

        three_phase = flag(name, "three_phase", three_phase)
        climb = rise * self.total_steps - 1
        self._ends = [climb, 2 * climb, self.total_steps - 1] if three_phase else [climb, self.total_steps - 1]
        first = [peak / div for peak in peaks]
        last = [rate / final for rate in first]
        # One row per turning point of the cycle, one column per group.
        self._rates = [first, peaks, first, last] if three_phase else [first, peaks, last]
        self._momenta = [high, low, high, high] if three_phase else [high, low, high]
        if whole(name, "last_epoch", last_epoch, -1) == -1:
            for group, rate in zip(groups, first, strict=True):
                group["lr"] = group["initial_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def _set(self, rates: list[float]) -> None:
        """Give the groups their rates, and their momentum if it is cycled."""
        super()._set(rates)
        if not self.cycle_momentum:
            return
        for group, momentum in zip(self.optimizer.param_groups, self._between(self._momenta), strict=True):
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        if self.last_epoch > self.total_steps:  # PyTorch's loops step once more after the last rate was used
            raise ValueError(f"OneCycleLR: step {self.last_epoch} of a cycle of {self.total_steps} steps")
        return self._between(self._rates)

    def _between(self, points: list[list[float]]) -> list[float]:
        """The values of the groups at `last_epoch`, between the two turning points around it."""
        curve = _cosine if self.anneal_strategy == "cos" else _straight
        start = 0.0
        for phase, end in enumerate(self._ends):
            if self.last_epoch <= end or phase == len(self._ends) - 1:
                break
            start = end
        part = (self.last_epoch - start) / (end - start) if end != start else 1.0
        return [curve(a, b, part) for a, b in zip(points[phase], points[phase + 1], strict=True)]


def _cosine(start: float, end: float, part: float) -> float:
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * part))


def _straight(start: float, end: float, part: float) -> float:
    return start + (end - start) * part
