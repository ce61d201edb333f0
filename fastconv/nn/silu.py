"""Sigmoid linear unit layer."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import flag

from . import _tape
from .module import Module


class SiLU(Module):
    r"""Sigmoid linear unit :math:`x / (1 + e^{-x})`, as ``torch.nn.SiLU``.

    Parameters
    ----------
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.SiLU()(np.array([0.0, 1e4]))
    array([    0., 10000.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag("SiLU", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.silu(input)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output times :math:`\sigma(x) (1 + x (1 - \sigma(x)))`."""
        (input,) = self.saved_for_backward()
        return F.silu_backward(grad_output, input) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "silu")

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return "inplace=True" if self.inplace else ""
