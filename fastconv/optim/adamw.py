"""Adam with decoupled weight decay."""

from typing import Any

from ._groups import Params
from .adam import Adam


class AdamW(Adam):
    r"""`Adam` whose weight decay does not pass through the moments, as ``torch.optim.AdamW``.

    Before Adam's update, :math:`\theta \leftarrow \theta - \gamma\lambda\theta`.

    Parameters
    ----------
    params : iterable
        Parameters, ``(name, Parameter)`` pairs or group dictionaries.
    lr, betas, eps, amsgrad, maximize, eps_inside_sqrt
        As `Adam`.
    weight_decay : float
        :math:`\lambda`, >= 0.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    I. Loshchilov and F. Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn, optim
    >>> p = nn.Parameter(np.array([1.0]))
    >>> optimizer = optim.AdamW([p], lr=0.1, weight_decay=0.5)
    >>> p.grad = np.array([0.0])
    >>> optimizer.step()
    >>> p.data
    array([0.95])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        eps_inside_sqrt: bool = False,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad,
            maximize=maximize, decoupled_weight_decay=True, eps_inside_sqrt=eps_inside_sqrt,
        )  # fmt: skip

    def _check(self, group: dict[str, Any]) -> None:
        super()._check(group)
        if not group["decoupled_weight_decay"]:
            raise ValueError("AdamW: decoupled_weight_decay must be True: Adam has the other kind")
