"""Rates that drop at certain steps."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastconv._geometry import shown

from .._hyperparameters import number
from ._arguments import whole
from .scheduler import HasGroups, LRScheduler

_MOST_MILESTONES = 100_000  # of a state that counts them


class StepLR(LRScheduler):
    r"""Multiply the rate by `gamma` every `step_size` steps: :math:`\gamma_t = \gamma_0\, g^{\lfloor t / s \rfloor}`.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        At least 1.
    gamma : float
        At least 0.
    last_epoch : int

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: HasGroups, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = whole("StepLR", "step_size", step_size, 1)
        self.gamma = number("StepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        drops = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return [rate * self.gamma if drops else rate for rate in self._current()]


class MultiStepLR(LRScheduler):
    r"""Multiply the rate by `gamma` at each milestone: :math:`\gamma_t = \gamma_0\, g^{|\{m : m \le t\}|}`.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Numbers of steps, in any order; one that comes twice counts twice.
    gamma : float
        At least 0.
    last_epoch : int

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> schedule = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self, optimizer: HasGroups, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if isinstance(milestones, str | bytes | Mapping) or not isinstance(milestones, Iterable):
            raise TypeError(f"MultiStepLR: milestones must be integers, got {shown(milestones)}")
        self.milestones = sorted(whole("MultiStepLR", "milestones", step) for step in milestones)
        self.gamma = number("MultiStepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        factor = self.gamma ** self.milestones.count(self.last_epoch)
        return [rate * factor for rate in self._current()]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; PyTorch counts milestones in a dictionary."""
        super().load_state_dict(_listed(state_dict))

    def _check_state(self, state_dict: Any) -> None:
        super()._check_state(_listed(state_dict))


def _listed(state_dict: Any) -> Any:
    """A state with its milestones in a list."""
    counts = state_dict.get("milestones") if isinstance(state_dict, Mapping) else None
    if not isinstance(counts, Mapping):
        return state_dict
    if sum(whole("MultiStepLR", "milestones", times) for times in counts.values()) > _MOST_MILESTONES:
        raise ValueError(f"MultiStepLR: state_dict must have at most {_MOST_MILESTONES} milestones")
    return {**state_dict, "milestones": sorted(step for step, times in counts.items() for _ in range(times))}
