"""A rate that falls to zero along a power of the time left."""

from .._hyperparameters import number
from ._arguments import whole
from .scheduler import HasGroups, LRScheduler


class PolynomialLR(LRScheduler):
    r"""Lower the rate to zero in `total_iters` steps: :math:`\gamma_t = \gamma_0 (1 - \min(t, T) / T)^p`.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
        :math:`T`, at least 0.
    power : float
        :math:`p`, at least 0; 1 is a straight line.
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
    >>> schedule = PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(rate, 4) for rate in rates]
    [1.0, 0.5625, 0.25, 0.0625, 0.0]
    """

    def __init__(self, optimizer: HasGroups, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = whole("PolynomialLR", "total_iters", total_iters)
        self.power = number("PolynomialLR", "power", power)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        if self.last_epoch > self.total_iters:
            return self._current()
        left, before = (1 - step / self.total_iters for step in (self.last_epoch, self.last_epoch - 1))
        return [rate * (left / before) ** self.power for rate in self._current()]

    def _first_lr(self) -> list[float]:
        return self._current()
