"""Smooth rectifier layer."""

import math

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv._geometry import shown
from fastconv.functional._options import number

from . import _tape
from .module import Module


class Softplus(Module):
    r"""Smooth rectifier :math:`\log(1 + e^{\beta x}) / \beta`, as ``torch.nn.Softplus``.

    Parameters
    ----------
    beta : float
        :math:`\beta > 0`.
    threshold : float
        Where :math:`\beta x` is above it the output is x.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Softplus()(np.array([0.0, 40.0])).round(4)
    array([ 0.6931, 40.    ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = number("Softplus", "beta", beta, FLOAT64)
        self.threshold = number("Softplus", "threshold", threshold, FLOAT64)
        if not 0 < self.beta < math.inf:
            raise ValueError(f"Softplus: beta must be > 0 and finite, got {shown(beta)}")

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.softplus(input, self.beta, self.threshold)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output times :math:`\\sigma(\beta x)`."""
        (input,) = self.saved_for_backward()
        return F.softplus_backward(grad_output, input, self.beta, self.threshold) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "softplus", self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"beta={self.beta}, threshold={self.threshold}"
