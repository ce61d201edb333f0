"""RMSprop."""

from types import SimpleNamespace
from typing import Any

from ._groups import Params
from ._hyperparameters import flag, number
from ._plan import Batch
from .optimizer import Optimizer


class RMSprop(Optimizer):
    r"""Steps divided by a moving average of the gradient's size, as ``torch.optim.RMSprop``.

    .. math::
        v \leftarrow \alpha v + (1 - \alpha) g^2, \qquad
        \theta \leftarrow \theta - \gamma \frac{g}{\sqrt{v} + \epsilon}

    `centered` takes the square of the moving average of g off v; `momentum` :math:`\mu` replaces the last fraction by
    :math:`b \leftarrow \mu b + g / (\sqrt{v} + \epsilon)`.

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr : float
        :math:`\gamma`, >= 0.
    alpha : float
        In [0, 1).
    eps : float
        :math:`\epsilon`, > 0.
    weight_decay : float
        :math:`\lambda` of :math:`g \leftarrow g + \lambda\theta`, >= 0.
    momentum : float
        >= 0.
    centered : bool
    maximize : bool
        Climb instead of descend: :math:`g \leftarrow -g` before everything else.
    eps_inside_sqrt : bool
        Divide by :math:`\sqrt{v + \epsilon}` instead.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    T. Tieleman and G. Hinton, *Neural Networks for Machine Learning*, lecture 6.5, 2012; `centered`: A. Graves,
    *Generating Sequences With Recurrent Neural Networks*, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0]))
    >>> optimizer = optim.RMSprop([p], lr=0.1, alpha=0.75)
    >>> p.grad = np.array([3.0])
    >>> optimizer.step()
    >>> p.data.round(6)
    array([0.8])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        eps_inside_sqrt: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
                "eps_inside_sqrt": eps_inside_sqrt,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        for key in ("lr", "weight_decay", "momentum"):
            number(name, key, group[key])
        number(name, "alpha", group["alpha"], 0.0, 1.0)
        number(name, "eps", group["eps"], above=True)
        flag(name, "centered", group["centered"])
        flag(name, "maximize", group["maximize"])
        flag(name, "eps_inside_sqrt", group["eps_inside_sqrt"])

    def _buffers(self, group: dict[str, Any]) -> dict[str, float]:
        buffers = {"square_avg": 0.0}
        if group["centered"]:
            buffers["grad_avg"] = 0.0
        if group["momentum"]:
            buffers["momentum_buffer"] = 0.0
        return buffers

    def _update(self, ops: SimpleNamespace, batch: Batch) -> None:
        group, states = batch.group, batch.states
        ops.rmsprop(
            batch.params, batch.grads, states["square_avg"], states.get("grad_avg"), states.get("momentum_buffer"),
            group["lr"], group["alpha"], batch.eps, group["weight_decay"], group["momentum"],
            group["eps_inside_sqrt"],
        )  # fmt: skip


RMSProp = RMSprop
