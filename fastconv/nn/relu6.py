"""Rectifier layer with an upper limit."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import flag

from . import _tape
from .module import Module


class ReLU6(Module):
    r"""Rectifier with an upper limit, :math:`\min(\max(x, 0), 6)`, as ``torch.nn.ReLU6``.

    Parameters
    ----------
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ReLU6()(np.array([-1.0, 2.0, 8.0]))
    array([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag("ReLU6", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.relu6(input)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output where the input is between 0 and 6, else 0."""
        (input,) = self.saved_for_backward()
        return F.relu6_backward(grad_output, input) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "hardtanh", 0.0, 6.0)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return "inplace=True" if self.inplace else ""
