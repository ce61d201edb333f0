"""Stochastic gradient descent, plain and with momentum."""

from types import SimpleNamespace
from typing import Any

from ._groups import Params
from ._hyperparameters import flag, number
from ._plan import Batch
from .optimizer import Optimizer


class SGD(Optimizer):
    r"""Stochastic gradient descent, as ``torch.optim.SGD``.

    .. math::
        g \leftarrow g + \lambda\theta, \qquad
        b \leftarrow \mu b + (1 - \tau) g \quad (b = g \text{ at first}), \qquad
        \theta \leftarrow \theta - \gamma b

    and with `nesterov` :math:`\theta \leftarrow \theta - \gamma (g + \mu b)`.

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr : float
        :math:`\gamma`, >= 0.
    momentum : float
        :math:`\mu`, >= 0.
    dampening : float
        :math:`\tau`, in [0, 1].
    weight_decay : float
        :math:`\lambda`, >= 0.
    nesterov : bool
        Needs momentum, and no dampening.
    maximize : bool
        Climb instead of descend: :math:`g \leftarrow -g` before everything else.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0]))
    >>> optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     p.grad = np.array([1.0])
    ...     optimizer.step()
    >>> p.data
    array([0.71])
    """

    _counts_steps = False

    def __init__(
        self,
        params: Params,
        lr: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        number(name, "lr", group["lr"])
        momentum = number(name, "momentum", group["momentum"])
        dampening = number(name, "dampening", group["dampening"])
        if dampening > 1:
            raise ValueError(f"{name}: dampening must be in [0, 1], got {dampening}")
        number(name, "weight_decay", group["weight_decay"])
        flag(name, "maximize", group["maximize"])
        if flag(name, "nesterov", group["nesterov"]) and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"{name}: nesterov needs momentum > 0 and dampening 0, got momentum {momentum}, dampening {dampening}"
            )

    def _buffers(self, group: dict[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def _update(self, ops: SimpleNamespace, batch: Batch) -> None:
        group = batch.group
        ops.sgd(
            batch.params, batch.grads, batch.states.get("momentum_buffer"), group["lr"], group["momentum"],
            group["dampening"], group["weight_decay"], group["nesterov"], batch.started,
        )  # fmt: skip
