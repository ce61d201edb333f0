"""A smaller rate for the first steps."""

from ._arguments import share, whole
from .scheduler import HasGroups, LRScheduler


class ConstantLR(LRScheduler):
    r"""Multiply the rate by `factor` until `total_iters` steps were made.

    .. math:: \gamma_t = \gamma_0 f \quad (t < T), \qquad \gamma_t = \gamma_0 \quad (t \ge T)

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
        In [0, 1].
    total_iters : int
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
    >>> schedule = ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: HasGroups, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor = share("ConstantLR", "factor", factor)
        self.total_iters = whole("ConstantLR", "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._current()]
        if self.last_epoch != self.total_iters:
            return self._current()
        if self.factor == 0:  # nothing is left that a division could restore
            return list(self.base_lrs)
        return [rate * (1 / self.factor) for rate in self._current()]
