"""Rectifier layer."""

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional._options import flag

from . import _tape
from .max_pool2d import MaxPool2d
from .module import Module


class ReLU(Module):
    r"""Rectifier :math:`\max(x, 0)`, as ``torch.nn.ReLU``.

    Parameters
    ----------
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag("ReLU", "inplace", inplace)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        output = F.relu(input)
        self.save_for_backward(output)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output where the output is positive, else 0."""
        (output,) = self.saved_for_backward()
        return F.relu_backward(grad_output, output) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.by_output(self, tape, input, "relu")

    def _record_with(self, follower: Module, tape: _tape.Tape, input: _tape.Value) -> _tape.Value | None:
        if type(follower) is not MaxPool2d or follower.return_indices or not follower.covers_pixels():
            return None
        # The largest of rectified values is the rectified largest value: a quarter of the work with windows of 2x2.
        return _tape.by_output(self, tape, follower._record(tape, input), "relu", _tape.Later(F.relu, input))

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return "inplace=True" if self.inplace else ""
