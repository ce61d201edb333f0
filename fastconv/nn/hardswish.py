"""Layer of silu from straight lines."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import flag

from . import _tape
from .module import Module


class Hardswish(Module):
    r"""SiLU from straight lines, :math:`x \min(\max(x + 3, 0), 6) / 6`, as ``torch.nn.Hardswish``.

    Parameters
    ----------
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Hardswish()(np.array([-4.0, 1.5, 4.0]))
    array([-0.   ,  1.125,  4.   ])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag("Hardswish", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.hardswish(input)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output times :math:`x/3 + 1/2` inside, else 0 or 1."""
        (input,) = self.saved_for_backward()
        return F.hardswish_backward(grad_output, input) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "hardswish")
