"""Smooth absolute error."""

import math
from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv._geometry import shown
from fastconv.functional._options import number, word
from fastconv.functional._reduction import REDUCTIONS

from .module import Module


class SmoothL1Loss(Module):
    r"""Absolute difference with its tip rounded off, as ``torch.nn.SmoothL1Loss``.

    .. math:: \ell = \tfrac12 d^2 / \beta \text{ for } |d| \le \beta, \qquad |d| - \tfrac12 \beta \text{ beyond}

    with the difference :math:`d = x - t`.

    Call it for the loss; ``backward()`` then gives the gradient of the input.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per element.
    beta : float
        :math:`\beta \ge 0`, where the tip ends.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.SmoothL1Loss()
    >>> criterion(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    0.75
    >>> criterion.backward()
    array([0. , 0.5])
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        self.reduction = word("SmoothL1Loss", "reduction", reduction, REDUCTIONS)
        self.beta = number("SmoothL1Loss", "beta", beta, FLOAT64)
        if not 0 <= self.beta < math.inf:
            raise ValueError(f"SmoothL1Loss: beta must be >= 0 and finite, got {shown(beta)}")

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of predictions against a target of the same shape."""
        loss = F.smooth_l1_loss(input, target, self.reduction, self.beta)
        self.save_for_backward(input, target)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the input.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        input, target = self.saved_for_backward()
        if grad_output is None:
            grad_output = np.ones_like(input) if self.reduction == "none" else 1.0
        return F.smooth_l1_loss_backward(grad_output, input, target, self.reduction, self.beta)
