"""Layer that limits its input."""

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv._geometry import shown
from fastconv.functional._options import flag, number

from . import _tape
from .module import Module


class Hardtanh(Module):
    r"""The input, limited to an interval, as ``torch.nn.Hardtanh``.

    Parameters
    ----------
    min_val, max_val : float
        The interval, not empty.
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Hardtanh()(np.array([-3.0, 0.5]))
    array([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        self.min_val = number("Hardtanh", "min_val", min_val, FLOAT64)
        self.max_val = number("Hardtanh", "max_val", max_val, FLOAT64)
        self.inplace = flag("Hardtanh", "inplace", inplace)
        if not self.min_val < self.max_val:
            raise ValueError(f"Hardtanh: min_val must be < max_val, got {shown(min_val)} and {shown(max_val)}")

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.hardtanh(input, self.min_val, self.max_val)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output inside the interval, else 0."""
        (input,) = self.saved_for_backward()
        return F.hardtanh_backward(grad_output, input, self.min_val, self.max_val) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "hardtanh", self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")
