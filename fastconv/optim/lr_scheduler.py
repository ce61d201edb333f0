"""Learning rates that change from step to step, with PyTorch's names, arguments and numbers.

A scheduler owns the ``"lr"`` of every parameter group of an optimizer: it sets the first value when it is made, and the
next one at each ``step()``. Both schedules here are meant to be stepped after every ``optimizer.step()``.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol


class _HasGroups(Protocol):
    """What a scheduler needs of an optimizer."""

    @property
    def param_groups(self) -> list[dict[str, Any]]: ...


class LRScheduler:
    """Base of the schedulers: a subclass writes `get_lr`, which gives one rate per parameter group for `last_epoch`.

    Parameters
    ----------
    optimizer
        Anything with ``param_groups``.
    last_epoch : int
        -1 starts anew. Another value continues a schedule after that many steps; the groups then need the
        ``"initial_lr"`` that the first scheduler left in them.
    """

    def __init__(self, optimizer: _HasGroups, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        self.last_epoch = _whole(last_epoch, "last_epoch", type(self).__name__, -1)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group["initial_lr"] = group["lr"]
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but param_groups[{i}] has no 'initial_lr'"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self._last_lr: list[float] = []
        self.step()

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The rates that were set last."""
        return list(self._last_lr)

    def step(self) -> None:
        """Go one step on and set the new rates."""
        self.last_epoch += 1
        try:
            rates = self.get_lr()
        except BaseException:
            self.last_epoch -= 1
            raise
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = rates

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as a dictionary of plain values."""
        return {key: value for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Nothing changes if a key is missing or unknown."""
        expected = vars(self).keys() - {"optimizer"}
        if state_dict.keys() != expected:
            missing, unknown = sorted(expected - state_dict.keys()), sorted(state_dict.keys() - expected)
            raise ValueError(f"{type(self).__name__}: state_dict lacks {missing} and has unknown {unknown}")
        vars(self).update(state_dict)


class CosineAnnealingLR(LRScheduler):
    r"""Lower the rate along half a cosine, from the optimizer's own rate to `eta_min` in `T_max` steps.

    .. math:: \gamma_t = \gamma_{min} + \tfrac12 (\gamma_0 - \gamma_{min}) (1 + \cos(\pi t / T_{max}))

    After `T_max` steps the rate climbs back along the same curve. PyTorch computes the same numbers from each rate to
    the next; here they follow from the step alone, so that a rate that was changed by hand does not live on.

    Parameters
    ----------
    optimizer
    T_max : int
        Steps from the highest rate to the lowest.
    eta_min : float
        The lowest rate.
    last_epoch : int

    References
    ----------
    I. Loshchilov and F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(round(optimizer.param_groups[0]["lr"], 3))
    0.5
    0.0
    """

    def __init__(self, optimizer: _HasGroups, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = _whole(T_max, "T_max", "CosineAnnealingLR", 1)
        self.eta_min = _real(eta_min, "eta_min", "CosineAnnealingLR", 0.0)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        return [_cosine(base, self.eta_min, self.last_epoch / self.T_max) for base in self.base_lrs]


class OneCycleLR(LRScheduler):
    """One climb to a high rate, then a long descent to almost nothing.

    The rate starts at ``max_lr / div_factor``, reaches `max_lr` after the share `pct_start` of the steps, and ends at
    ``max_lr / div_factor / final_div_factor``. With `three_phase` it returns to the start in as many steps as it
    climbed, and then goes on to the end. Momentum (or Adam's first beta) moves the other way with `cycle_momentum`.

    Parameters
    ----------
    optimizer
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
        optimizer: _HasGroups,
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
        groups = optimizer.param_groups
        if total_steps is not None:
            self.total_steps = _whole(total_steps, "total_steps", name, 1)
        elif epochs is None or steps_per_epoch is None:
            raise ValueError(f"{name}: total_steps, or both epochs and steps_per_epoch, must be given")
        else:
            self.total_steps = _whole(epochs, "epochs", name, 1) * _whole(steps_per_epoch, "steps_per_epoch", name, 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"{name}: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.anneal_strategy = anneal_strategy
        share = _real(pct_start, "pct_start", name, 0.0)
        if share > 1:
            raise ValueError(f"{name}: pct_start must be in [0, 1], got {pct_start}")
        self.cycle_momentum = bool(cycle_momentum)
        peaks = _per_group(max_lr, "max_lr", name, len(groups))
        div = _real(div_factor, "div_factor", name, 0.0, above=True)
        final = _real(final_div_factor, "final_div_factor", name, 0.0, above=True)
        low = _per_group(base_momentum, "base_momentum", name, len(groups))
        high = _per_group(max_momentum, "max_momentum", name, len(groups))
        for i, group in enumerate(groups):
            if self.cycle_momentum and "momentum" not in group and "betas" not in group:
                raise ValueError(
                    f"{name}: cycle_momentum needs an optimizer with momentum or betas, param_groups[{i}] has neither"
                )

        climb = share * self.total_steps - 1
        self._ends = [climb, 2 * climb, self.total_steps - 1] if three_phase else [climb, self.total_steps - 1]
        first = [peak / div for peak in peaks]
        last = [rate / final for rate in first]
        # One row per turning point of the cycle, one column per group.
        self._rates = [first, peaks, first, last] if three_phase else [first, peaks, last]
        self._momenta = [high, low, high, high] if three_phase else [high, low, high]
        if last_epoch == -1:
            for group, rate in zip(groups, first, strict=True):
                group["lr"] = rate
        super().__init__(optimizer, last_epoch)

    def step(self) -> None:
        """Go one step on and set the new rates, and the momentum if it is cycled."""
        super().step()
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
        share = (self.last_epoch - start) / (end - start) if end != start else 1.0
        return [curve(a, b, share) for a, b in zip(points[phase], points[phase + 1], strict=True)]


def _cosine(start: float, end: float, share: float) -> float:
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * share))


def _straight(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _whole(value: Any, argument: str, name: str, minimum: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: {argument} must be an integer, got {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name}: {argument} must be >= {minimum}, got {value}")
    return int(value)


def _real(value: Any, argument: str, name: str, minimum: float, above: bool = False) -> float:
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: {argument} must be a number, got {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number) or number < minimum or (above and number == minimum):
        raise ValueError(f"{name}: {argument} must be finite and {'>' if above else '>='} {minimum:g}, got {value}")
    return number


def _per_group(value: Any, argument: str, name: str, groups: int) -> list[float]:
    if not isinstance(value, (list, tuple)):
        return [_real(value, argument, name, 0.0)] * groups
    if len(value) != groups:
        raise ValueError(f"{name}: {argument} has {len(value)} values for {groups} parameter groups")
    return [_real(number, argument, name, 0.0) for number in value]
