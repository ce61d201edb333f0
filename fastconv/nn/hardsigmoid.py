"""Layer of the logistic function from straight lines."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import flag

from . import _tape
from .module import Module


class Hardsigmoid(Module):
    r"""Logistic function from straight lines, :math:`\min(\max(x + 3, 0), 6) / 6`, as ``torch.nn.Hardsigmoid``.

    Parameters
    ----------
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Hardsigmoid()(np.array([-4.0, 0.0, 1.5]))
    array([0.  , 0.5 , 0.75])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag("Hardsigmoid", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.hardsigmoid(input)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: a sixth of that of the output between -3 and 3, else 0."""
        (input,) = self.saved_for_backward()
        return F.hardsigmoid_backward(grad_output, input) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_input(self, tape, input, "hardsigmoid")
