"""One scheduler after another."""

from bisect import bisect_right
from collections.abc import Sequence

from ._arguments import whole
from ._parts import Composed
from .scheduler import HasGroups, LRScheduler


class SequentialLR(Composed):
    """Follow one schedule until a milestone, then the next, which starts there from the optimizer's first rates.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
        Of this optimizer; not `ReduceLROnPlateau`.
    milestones : list of int
        One fewer, in ascending order: the steps at which the second and later schedules begin.
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
    >>> warm_up = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: HasGroups,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(optimizer, schedulers)
        if not isinstance(milestones, list | tuple):
            raise TypeError(f"SequentialLR: milestones must be a list of integers, got {type(milestones).__name__}")
        self._milestones = [whole("SequentialLR", "milestones", step) for step in milestones]
        if len(milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self._schedulers)} schedulers need {len(self._schedulers) - 1} milestones, "
                f"got {len(milestones)}"
            )
        if self._milestones != sorted(self._milestones):
            raise ValueError(f"SequentialLR: milestones must be in ascending order, got {self._milestones}")
        self.last_epoch = whole("SequentialLR", "last_epoch", last_epoch, -1)
        # Every part made its first step when it was made: the rates are what the last of them left.
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self.base_lrs = [group["initial_lr"] for group in self.optimizer.param_groups]
        for part in self._schedulers:
            part._undo()
        self._last_lr: list[float] = []
        self._begin()

    def _active(self) -> int:
        """Which part has the rates at `last_epoch`."""
        return bisect_right(self._milestones, self.last_epoch)

    def step(self) -> None:
        """Go one step on in the schedule whose turn it is."""
        self.last_epoch += 1
        i = self._active()
        try:
            if i and self._milestones[i - 1] == self.last_epoch:
                self._schedulers[i]._restart()
            else:
                self._schedulers[i].step()
        except BaseException:
            self.last_epoch -= 1
            raise
        self._last_lr = self._current()

    def _begin(self) -> None:
        self.last_epoch += 1
        self._schedulers[self._active()]._begin()
        self._last_lr = self._current()
