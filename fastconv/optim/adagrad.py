"""Adagrad."""

from types import SimpleNamespace
from typing import Any

from ._groups import Params
from ._hyperparameters import flag, number
from ._plan import Batch
from .optimizer import Optimizer


class Adagrad(Optimizer):
    r"""Steps that shrink with the sum of squared gradients, as ``torch.optim.Adagrad``.

    .. math::
        s \leftarrow s + g^2, \qquad
        \theta \leftarrow \theta - \frac{\gamma}{1 + (t - 1)\,\eta} \frac{g}{\sqrt{s} + \epsilon}

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr : float
        :math:`\gamma`, >= 0.
    lr_decay : float
        :math:`\eta`, >= 0.
    weight_decay : float
        :math:`\lambda` of :math:`g \leftarrow g + \lambda\theta`, >= 0.
    initial_accumulator_value : float
        First value of :math:`s`, >= 0.
    eps : float
        :math:`\epsilon`, > 0.
    maximize : bool
        Climb instead of descend: :math:`g \leftarrow -g` before everything else.
    eps_inside_sqrt : bool
        Divide by :math:`\sqrt{s + \epsilon}` instead.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*,
    JMLR 12, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0, 1.0]))
    >>> optimizer = optim.Adagrad([p], lr=0.1)
    >>> p.grad = np.array([0.5, -50.0])
    >>> optimizer.step()
    >>> p.data.round(6)
    array([0.9, 1.1])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        eps_inside_sqrt: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "maximize": maximize,
                "eps_inside_sqrt": eps_inside_sqrt,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        for key in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value"):
            number(name, key, group[key])
        number(name, "eps", group["eps"], above=True)
        flag(name, "maximize", group["maximize"])
        flag(name, "eps_inside_sqrt", group["eps_inside_sqrt"])

    def _buffers(self, group: dict[str, Any]) -> dict[str, float]:
        return {"sum": group["initial_accumulator_value"]}

    def _update(self, ops: SimpleNamespace, batch: Batch) -> None:
        group = batch.group
        lr = group["lr"] / (1 + (batch.step - 1) * group["lr_decay"])
        ops.adagrad(
            batch.params, batch.grads, batch.states["sum"], lr, group["weight_decay"], batch.eps,
            group["eps_inside_sqrt"],
        )  # fmt: skip
