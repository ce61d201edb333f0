"""Binary cross-entropy loss on logits."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import word
from fastconv.functional._reduction import REDUCTIONS

from ._arguments import optional_real
from .module import Module


class BCEWithLogitsLoss(Module):
    r"""Binary cross-entropy between logits and probabilities, as ``torch.nn.BCEWithLogitsLoss``.

    .. math:: \ell = -w \left(p\, t \log \sigma(z) + (1 - t) \log (1 - \sigma(z))\right)

    Call it for the loss; ``backward()`` then gives the gradient of the logits.

    Parameters
    ----------
    weight : array, optional
        Factor of each loss; broadcast to the logits.
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per element.
    pos_weight : array, optional
        How much more the positive answers count; broadcast to the logits.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.BCEWithLogitsLoss(reduction="sum")
    >>> criterion(np.array([0.0, -1e4]), np.array([1.0, 1.0])).__round__(4)
    10000.6931
    >>> criterion.backward()
    array([-0.5, -1. ])
    """

    def __init__(
        self, weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None
    ) -> None:
        self.weight = optional_real("BCEWithLogitsLoss", "weight", weight)
        self.reduction = word("BCEWithLogitsLoss", "reduction", reduction, REDUCTIONS)
        self.pos_weight = optional_real("BCEWithLogitsLoss", "pos_weight", pos_weight)

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of logits against probabilities of the same shape."""
        loss = F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)
        self.save_for_backward(input, target)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the logits.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        input, target = self.saved_for_backward()
        if grad_output is None:
            grad_output = np.ones_like(input) if self.reduction == "none" else 1.0
        return F.binary_cross_entropy_with_logits_backward(
            grad_output, input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
