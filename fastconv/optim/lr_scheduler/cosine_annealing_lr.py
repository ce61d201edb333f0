"""Rates along a cosine."""

import math

from .._hyperparameters import number
from ._arguments import whole
from .scheduler import HasGroups, LRScheduler


class CosineAnnealingLR(LRScheduler):
    r"""Lower the rate along half a cosine, from the optimizer's own rate to `eta_min` in `T_max` steps.

    .. math:: \gamma_t = \gamma_{min} + \tfrac12 (\gamma_0 - \gamma_{min}) (1 + \cos(\pi t / T_{max}))

    After `T_max` steps the rate climbs back along the same curve.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Steps from the highest rate to the lowest.
    eta_min : float
        The lowest rate.
    last_epoch : int

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

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

    def __init__(self, optimizer: HasGroups, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = whole("CosineAnnealingLR", "T_max", T_max, 1)
        self.eta_min = number("CosineAnnealingLR", "eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        height, before = (
            1 + math.cos(math.pi * step / self.T_max) for step in (self.last_epoch, self.last_epoch - 1)
        )
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:  # the step before was at the bottom, with height 0
            return [
                rate + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
                for rate, base in zip(self._current(), self.base_lrs, strict=True)
            ]
        return [self.eta_min + (rate - self.eta_min) * (height / before) for rate in self._current()]

    def _first_lr(self) -> list[float]:
        return self._current()
