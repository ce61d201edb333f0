"""Huber loss."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv._geometry import shown
from fastconv.functional._options import number, word
from fastconv.functional._reduction import REDUCTIONS

from .module import Module


class HuberLoss(Module):
    r"""Half the squared difference, growing no faster than a line from some size on, as ``torch.nn.HuberLoss``.

    .. math:: \ell = \tfrac12 d^2 \text{ for } |d| \le \delta, \qquad \delta\, (|d| - \tfrac12 \delta) \text{ beyond}

    with the difference :math:`d = x - t`.

    Call it for the loss; ``backward()`` then gives the gradient of the input.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per element.
    delta : float
        :math:`\delta > 0`, the largest slope.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.HuberLoss()
    >>> criterion(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    0.75
    >>> criterion.backward()
    array([0. , 0.5])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        self.reduction = word("HuberLoss", "reduction", reduction, REDUCTIONS)
        self.delta = number("HuberLoss", "delta", delta, FLOAT64)
        if not self.delta > 0:
            raise ValueError(f"HuberLoss: delta must be > 0, got {shown(delta)}")

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of predictions against a target of the same shape."""
        loss = F.huber_loss(input, target, self.reduction, self.delta)
        self.save_for_backward(input, target)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the input.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        input, target = self.saved_for_backward()
        if grad_output is None:
            grad_output = np.ones_like(input) if self.reduction == "none" else 1.0
        return F.huber_loss_backward(grad_output, input, target, self.reduction, self.delta)
