"""Softmax cross-entropy loss."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv._geometry import integer
from fastconv.functional._options import number, word
from fastconv.functional._reduction import REDUCTIONS, upstream

from ._arguments import optional_real
from .module import Module


class CrossEntropyLoss(Module):
    r"""Softmax cross-entropy between logits and classes, as ``torch.nn.CrossEntropyLoss``.

    .. math:: \ell_n = \log \textstyle\sum_c e^{z_{nc}} - z_{n, y_n}

    Call it for the loss; ``backward()`` then gives the gradient of the logits.

    Parameters
    ----------
    weight : array of shape (C,), optional
        How much each class counts.
    ignore_index : int
        Samples of this class do not count.
    reduction : {"mean", "sum", "none"}
        The first two give a float, the last one loss per sample.
    label_smoothing : float in [0, 1]
        Share of the target that is spread evenly over all classes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> criterion = nn.CrossEntropyLoss()
    >>> round(criterion(np.array([[2.0, 1.0, 0.0]]), np.array([0])), 4)
    0.4076
    >>> criterion.backward().round(2)
    array([[-0.33,  0.24,  0.09]])
    """

    def __init__(
        self,
        weight: Array | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        self.weight = optional_real("CrossEntropyLoss", "weight", weight)
        self.ignore_index = integer("CrossEntropyLoss", "ignore_index", ignore_index, -(2**63), 2**63 - 1)
        self.reduction = word("CrossEntropyLoss", "reduction", reduction, REDUCTIONS)
        self.label_smoothing = number("CrossEntropyLoss", "label_smoothing", label_smoothing, FLOAT64)
        if not 0 <= self.label_smoothing <= 1:
            raise ValueError(f"CrossEntropyLoss: label_smoothing must be in [0, 1], got {label_smoothing}")

    def forward(self, input: Array, target: Array) -> Any:
        """The loss of logits ``(N, C)`` or ``(N, C, d1, ...)`` against class ids or probabilities."""
        options = (self.weight, self.ignore_index, self.reduction, self.label_smoothing)
        if not self.training:
            return F.cross_entropy(input, target, *options)
        loss, grad = F.softmax_cross_entropy(input, target, *options)
        self.save_for_backward(grad)
        return loss

    def backward(self, grad_output: Any = None) -> Array:
        """Return the gradient of the logits.

        With `grad_output`, a number or for ``reduction="none"`` an array as the losses, it is multiplied by that.
        """
        (grad,) = self.saved_for_backward()
        if grad_output is None:
            return np.array(grad)
        classes = 0 if grad.ndim == 1 else 1
        losses = grad.shape[:classes] + grad.shape[classes + 1 :]
        factor, each = upstream("CrossEntropyLoss.backward", grad_output, losses, grad.dtype, self.reduction)
        wide = grad.dtype.type(factor) if each is None else np.expand_dims(each, classes)
        result: Array = np.multiply(grad, wide)
        return result
