"""Hyperbolic tangent layer."""

from fastconv import functional as F
from fastconv._arrays import Array

from . import _tape
from .module import Module


class Tanh(Module):
    r"""Hyperbolic tangent, as ``torch.nn.Tanh``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Tanh()(np.array([0.0, 1000.0]))
    array([0., 1.])
    """

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.tanh(input)
        self.save_for_backward(output)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output times :math:`1 - y^2`."""
        (output,) = self.saved_for_backward()
        return F.tanh_backward(grad_output, output) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_output(self, tape, input, "tanh")
