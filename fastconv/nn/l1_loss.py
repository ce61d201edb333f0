"""Mean absolute error."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import word
from fastconv.functional._reduction import REDUCTIONS

from .module import Module


class L1Loss(Module):
    r"""Absolute difference, as ``torch.nn.L1Loss``.

    .. math:: \ell = |x - t|

    Call it for the loss; ``backward()`` then gives the gradient of the input.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per element.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.L1Loss()
    >>> criterion(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    1.0
    >>> criterion.backward()
    array([0. , 0.5])
    """

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = word("L1Loss", "reduction", reduction, REDUCTIONS)

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of predictions against a target of the same shape."""
        loss = F.l1_loss(input, target, self.reduction)
        self.save_for_backward(input, target)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the input.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        input, target = self.saved_for_backward()
        if grad_output is None:
            grad_output = np.ones_like(input) if self.reduction == "none" else 1.0
        return F.l1_loss_backward(grad_output, input, target, self.reduction)
