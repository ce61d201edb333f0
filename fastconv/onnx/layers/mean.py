"""Means over axes."""

from collections.abc import Sequence
from math import prod

import numpy as np

from fastconv import nn
from fastconv._arrays import Array, real


class Mean(nn.Module):
    """The mean over some axes.

    Parameters
    ----------
    axes : sequence of int
    keepdims : bool
        Whether these axes stay, with size 1.
    """

    def __init__(self, axes: Sequence[int], keepdims: bool) -> None:
        self.axes, self.keepdims = tuple(axes), keepdims

    def forward(self, input: Array) -> Array:
        """Any shape that has the axes."""
        x = real("Mean", "input", input)
        self.save_for_backward(x.shape)
        return np.asarray(x.mean(axis=self.axes, keepdims=self.keepdims))

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each mean's is shared by its elements."""
        (shape,) = self.saved_for_backward()
        if not input_grad:
            return None
        grad = real("Mean.backward", "grad_output", grad_output)
        axes = {axis % len(shape) for axis in self.axes}
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
        count = grad.dtype.type(max(prod(shape[axis] for axis in axes), 1))
        return np.array(np.broadcast_to(grad.reshape(kept) / count, shape))

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"axes={self.axes}, keepdims={self.keepdims}"
