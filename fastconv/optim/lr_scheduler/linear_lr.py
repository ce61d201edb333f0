"""A rate that changes evenly."""

from ._arguments import share, whole
from .scheduler import HasGroups, LRScheduler


class LinearLR(LRScheduler):
    r"""Let the factor of the rate go in a straight line from `start_factor` to `end_factor`: a warm-up, for example.

    .. math:: \gamma_t = \gamma_0 \left(a + (b - a) \frac{\min(t, T)}{T}\right)

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float
        :math:`a`, in (0, 1].
    end_factor : float
        :math:`b`, in [0, 1].
    total_iters : int
        :math:`T`, the number of steps on the way; at least 0.
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
    >>> schedule = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: HasGroups,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = share("LinearLR", "start_factor", start_factor)
        if self.start_factor == 0:
            raise ValueError("LinearLR: start_factor must be > 0, got 0")
        self.end_factor = share("LinearLR", "end_factor", end_factor)
        self.total_iters = whole("LinearLR", "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps."""
        if self.last_epoch > self.total_iters:
            return self._current()
        # The factors of this step and of the one before, in units of 1 / total_iters.
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        factor = max(1 + rise / before, 0.0)  # rounding must not take a rate below zero
        return [rate * factor for rate in self._current()]

    def _first_lr(self) -> list[float]:
        factor = self.start_factor if self.last_epoch == 0 else 1.0
        return [rate * factor for rate in self._current()]
