"""Exponential linear unit layer."""

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array
from fastconv.functional._options import flag, number

from . import _tape
from .module import Module


class ELU(Module):
    r"""Exponential linear unit, :math:`\alpha (e^x - 1)` for negative inputs, as ``torch.nn.ELU``.

    Parameters
    ----------
    alpha : float
        :math:`\alpha`.
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ELU()(np.array([-1e4, 2.0]))
    array([-1.,  2.])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = number("ELU", "alpha", alpha, FLOAT64)
        self.inplace = flag("ELU", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.elu(input, self.alpha)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output, times :math:`\alpha e^x` where it is not positive."""
        (input,) = self.saved_for_backward()
        return F.elu_backward(grad_output, input, self.alpha) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "elu", self.alpha)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")
