"""Adam."""

from types import SimpleNamespace
from typing import Any

from ._groups import Params
from ._hyperparameters import betas as checked_betas
from ._hyperparameters import flag, number
from ._plan import Batch
from .optimizer import Optimizer


class Adam(Optimizer):
    r"""Adaptive moments, as ``torch.optim.Adam``.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        \theta \leftarrow \theta - \gamma
        \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr : float
        :math:`\gamma`, >= 0.
    betas : pair of float
        :math:`\beta_1, \beta_2`, in [0, 1).
    eps : float
        :math:`\epsilon`, > 0.
    weight_decay : float
        :math:`\lambda` of :math:`g \leftarrow g + \lambda\theta`, >= 0.
    amsgrad : bool
        Divide by the largest v so far (Reddi, Kale and Kumar, ICLR 2018).
    maximize : bool
        Climb instead of descend: :math:`g \leftarrow -g` before everything else.
    decoupled_weight_decay : bool
        Shrink the parameters by :math:`\theta \leftarrow \theta - \gamma\lambda\theta` instead, as `AdamW`.
    eps_inside_sqrt : bool
        Put :math:`\epsilon` under the root.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    D. P. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0]))
    >>> optimizer = optim.Adam([p], lr=0.1)
    >>> p.grad = np.array([0.1])
    >>> optimizer.step()
    >>> p.data.round(6)
    array([0.9])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        eps_inside_sqrt: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
                "eps_inside_sqrt": eps_inside_sqrt,
            },
        )

    def _check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        number(name, "lr", group["lr"])
        number(name, "weight_decay", group["weight_decay"])
        checked_betas(name, group["betas"])
        number(name, "eps", group["eps"], above=True)
        for key in ("amsgrad", "maximize", "decoupled_weight_decay", "eps_inside_sqrt"):
            flag(name, key, group[key])

    def _buffers(self, group: dict[str, Any]) -> dict[str, float]:
        buffers = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        if group["amsgrad"]:
            buffers["max_exp_avg_sq"] = 0.0
        return buffers

    def _update(self, ops: SimpleNamespace, batch: Batch) -> None:
        group, states = batch.group, batch.states
        beta1, beta2 = group["betas"]
        ops.adam(
            batch.params, batch.grads, states["exp_avg"], states["exp_avg_sq"], states.get("max_exp_avg_sq"),
            group["lr"], beta1, beta2, batch.eps, group["weight_decay"], batch.step,
            group["decoupled_weight_decay"], group["eps_inside_sqrt"],
        )  # fmt: skip
