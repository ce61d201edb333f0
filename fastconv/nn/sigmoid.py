"""Logistic layer."""

from fastconv import functional as F
from fastconv._arrays import Array

from . import _tape
from .module import Module


class Sigmoid(Module):
    r"""Logistic function :math:`1 / (1 + e^{-x})`, as ``torch.nn.Sigmoid``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Sigmoid()(np.array([0.0, 1000.0]))
    array([0.5, 1. ])
    """

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.sigmoid(input)
        self.save_for_backward(output)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output times :math:`y (1 - y)`."""
        (output,) = self.saved_for_backward()
        return F.sigmoid_backward(grad_output, output) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_output(self, tape, input, "sigmoid")
