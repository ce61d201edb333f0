"""Axes into one."""

from math import prod

from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import Shape, integer

from . import _tape
from .module import Module


class Flatten(Module):
    """Merge the axes from `start_dim` to `end_dim`, as ``torch.nn.Flatten``.

    Parameters
    ----------
    start_dim, end_dim : int
        First and last axis to merge; negative ones count from the end.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Flatten()(np.zeros((2, 3, 4, 5))).shape
    (2, 60)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = integer("Flatten", "start_dim", start_dim, -64, 63)
        self.end_dim = integer("Flatten", "end_dim", end_dim, -64, 63)

    def forward(self, input: Array) -> Array:
        """A copy of the input with fewer axes."""
        array = real("Flatten", "input", input)
        shape = array.shape
        merged = self._merged(shape)
        self.save_for_backward(shape)
        return array.reshape(merged).copy()

    def _merged(self, shape: Shape) -> Shape:
        """The shape of the output."""
        axes = max(len(shape), 1)
        first = self.start_dim + axes if self.start_dim < 0 else self.start_dim
        last = self.end_dim + axes if self.end_dim < 0 else self.end_dim
        if not 0 <= first <= last < axes:
            raise ValueError(
                f"Flatten: start_dim {self.start_dim} and end_dim {self.end_dim} must be axes of the input, in order, "
                f"got input of shape {shape}"
            )
        return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: the same numbers in the input's shape."""
        (shape,) = self.saved_for_backward()
        if not input_grad:
            return None
        array = real("Flatten.backward", "grad_output", grad_output)
        if array.size != prod(shape):
            check_shape("Flatten.backward", "grad_output", array, shape, "or be a merged form of it")
        return array.reshape(shape).copy()

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        tape.save(self, input.shape)
        output = tape.view(input, self._merged(input.shape))
        if output is not input:
            tape.on_backward(output, [input], lambda back, grad: back.give(input, back.view(grad, input.shape)))
        return output

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
