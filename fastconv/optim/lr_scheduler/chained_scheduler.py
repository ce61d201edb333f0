"""Several schedulers at once."""

from collections.abc import Sequence

from ._parts import Composed
from .scheduler import HasGroups, LRScheduler


class ChainedScheduler(Composed):
    """Let several schedules change the rates at every step, each what the one before it left.

    Parameters
    ----------
    schedulers : list of LRScheduler
        Of one optimizer; not `ReduceLROnPlateau`.
    optimizer : Optimizer, optional
        The optimizer of all of them.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter(np.zeros(1))], lr=1.0)
    >>> halves = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = ChainedScheduler([halves, decay])
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: HasGroups | None = None) -> None:
        super().__init__(optimizer, schedulers)
        self.base_lrs = list(self._schedulers[0].base_lrs)
        self.last_epoch = self._schedulers[0].last_epoch
        self._last_lr = self._current()

    def step(self) -> None:
        """Go one step on in every schedule."""
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._current()

    def _begin(self) -> None:
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler._begin()
        self._last_lr = self._current()
