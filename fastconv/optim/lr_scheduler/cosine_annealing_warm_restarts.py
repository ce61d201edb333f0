"""Rates along a cosine that jump back to its start."""

import math

from .._hyperparameters import number
from ._arguments import whole
from .scheduler import HasGroups, LRScheduler


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Lower the rate along half a cosine again and again, each time `T_mult` times as slowly.

    .. math:: \gamma_t = \gamma_{min} + \tfrac12 (\gamma_0 - \gamma_{min}) (1 + \cos(\pi T_{cur} / T_i))

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Steps of the first descent.
    T_mult : int
        How many times as long as the one before each descent is.
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
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(6):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(rate, 3) for rate in rates]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    _ignored = LRScheduler._ignored | {"T_cur", "T_i"}

    def __init__(
        self, optimizer: HasGroups, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        name = "CosineAnnealingWarmRestarts"
        self.T_0 = whole(name, "T_0", T_0, 1)
        self.T_mult = whole(name, "T_mult", T_mult, 1)
        self.eta_min = number(name, "eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def _place(self) -> tuple[int, int]:
        """Steps since the last restart, and the length of the descent."""
        if self.T_mult == 1:
            return self.last_epoch % self.T_0, self.T_0
        step, length = self.last_epoch, self.T_0
        while step >= length:
            step, length = step - length, length * self.T_mult
        return step, length

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        step, length = self._place()
        height = (1 + math.cos(math.pi * step / length)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]
