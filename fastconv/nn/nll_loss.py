"""Negative log-likelihood loss."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv._geometry import integer
from fastconv.functional._options import word
from fastconv.functional._reduction import REDUCTIONS

from ._arguments import optional_real
from .module import Module


class NLLLoss(Module):
    r"""Negative log-likelihood of classes, as ``torch.nn.NLLLoss``.

    .. math:: \ell_n = -w_{y_n}\, x_{n, y_n}

    Call it for the loss; ``backward()`` then gives the gradient of the input.

    Parameters
    ----------
    weight : array of shape (C,), optional
        How much each class counts.
    ignore_index : int
        Samples of this class do not count.
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per sample.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.NLLLoss()
    >>> criterion(np.array([[-0.5, -1.0], [-2.0, -0.25]]), np.array([0, 1]))
    0.375
    >>> criterion.backward()
    array([[-0.5,  0. ],
           [ 0. , -0.5]])
    """

    def __init__(
        self, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        self.weight = optional_real("NLLLoss", "weight", weight)
        self.ignore_index = integer("NLLLoss", "ignore_index", ignore_index, -(2**63), 2**63 - 1)
        self.reduction = word("NLLLoss", "reduction", reduction, REDUCTIONS)

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of log-probabilities ``(N, C)`` or ``(N, C, d1, ...)`` against class ids."""
        loss = F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)
        self.save_for_backward(input, target)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the input.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        input, target = self.saved_for_backward()
        if grad_output is None:
            grad_output = np.ones(np.shape(target), np.asarray(input).dtype) if self.reduction == "none" else 1.0
        return F.nll_loss_backward(
            grad_output, input, target, self.weight, self.ignore_index, self.reduction
        )
