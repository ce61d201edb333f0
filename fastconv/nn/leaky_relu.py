"""Rectifier layer with a slope for negative inputs."""

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv.functional._options import flag, number

from . import _tape
from .module import Module


class LeakyReLU(Module):
    r"""Rectifier with a slope :math:`s` for negative inputs, as ``torch.nn.LeakyReLU``.

    Parameters
    ----------
    negative_slope : float
        :math:`s`.
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.LeakyReLU(0.1)(np.array([-1.0, 2.0]))
    array([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope, FLOAT64)
        self.inplace = flag("LeakyReLU", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.leaky_relu(input, self.negative_slope)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output, times the slope where the input is not positive."""
        (input,) = self.saved_for_backward()
        return F.leaky_relu_backward(grad_output, input, self.negative_slope) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "leaky_relu", self.negative_slope)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")
