"""Stochastic gradient descent with momentum."""

from ._groups import Params
from .sgd import SGD


class Momentum(SGD):
    r"""`SGD` whose momentum is 0.9 if nothing else is said.

    .. math::
        b \leftarrow \mu b + (1 - \tau) g \quad (b = g \text{ at first}), \qquad
        \theta \leftarrow \theta - \gamma b

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr : float
    momentum, dampening, weight_decay : float
    nesterov, maximize : bool
        As `SGD`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0]))
    >>> optimizer = optim.Momentum([p], lr=0.1, nesterov=True)
    >>> for _ in range(2):
    ...     p.grad = np.array([1.0])
    ...     optimizer.step()
    >>> p.data
    array([0.539])
    """

    def __init__(
        self,
        params: Params,
        lr: float,
        momentum: float = 0.9,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, momentum, dampening, weight_decay, nesterov, maximize=maximize)
