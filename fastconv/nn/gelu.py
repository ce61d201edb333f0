"""Gaussian error linear unit layer."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import word

from . import _tape
from .module import Module


class GELU(Module):
    r"""Gaussian error linear unit :math:`x\, \Phi(x)`, as ``torch.nn.GELU``.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        ``"tanh"`` replaces :math:`\Phi` by a formula with a hyperbolic tangent.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.GELU()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8413])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = word("GELU", "approximate", approximate, ("none", "tanh"))

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.gelu(input, self.approximate)
        self.save_for_backward(input)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input: that of the output times :math:`\Phi(x) + x\, \phi(x)`."""
        (input,) = self.saved_for_backward()
        return F.gelu_backward(grad_output, input, self.approximate) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        kernel = "gelu" if self.approximate == "none" else "gelu_tanh"
        return _tape.by_input(self, tape, input, kernel)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"approximate={self.approximate!r}"
