"""What losses share: from one loss for each sample to the result, and from its gradient back to a factor."""

from typing import Any

import numpy as np

from fastconv._arrays import Array, DType, check_shape, real
from fastconv._ieee import ratio
from fastconv.functional._options import number

REDUCTIONS = ("none", "mean", "sum")


def reduced(losses: Array, reduction: str, total: float) -> float | Array:
    """The losses themselves, their sum, or their sum divided by ``total``."""
    if reduction == "none":
        return losses
    if losses.size == 1:
        summed = float(losses.item())
    else:
        with np.errstate(all="ignore"):  # an infinite loss is a result, not an accident
            summed = float(losses.sum(dtype=np.float64))
    return summed if reduction == "sum" else ratio(summed, total)


def gradient_scale(reduction: str, total: float) -> float:
    """The derivative of the reduced loss with respect to each sample's own loss."""
    return ratio(1.0, total) if reduction == "mean" else 1.0


def upstream(
    function: str, grad_output: Any, shape: tuple[int, ...], dtype: DType, reduction: str
) -> tuple[float, Array | None]:
    """The gradient of the reduced loss as a factor for all samples, or one for each (``"none"``)."""
    if reduction == "none":
        each = real(function, "grad_output", grad_output, dtype)
        check_shape(function, "grad_output", each, shape, "that of the loss")
        return 1.0, each
    if isinstance(grad_output, np.ndarray) and grad_output.ndim == 0:
        grad_output = grad_output[()]
    return number(function, "grad_output", grad_output, dtype), None
