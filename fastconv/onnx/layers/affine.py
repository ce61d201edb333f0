"""A factor and an addend."""

from typing import Any

import numpy as np

from fastconv import nn
from fastconv._arrays import Array, check_shape, real

from ._broadcast import summed_to


class Affine(nn.Module):
    """The input times one array plus another, broadcast as in NumPy.

    Parameters
    ----------
    scale, shift : ndarray, optional
        Trained if they have more than one element: a single number is taken for a constant of the file.
    """

    scale: Any
    shift: Any

    def __init__(self, scale: Array | None = None, shift: Array | None = None) -> None:
        for name, array in (("scale", scale), ("shift", shift)):
            if array is None or array.size == 1:
                self.register_buffer(name, array)
            else:
                setattr(self, name, nn.Parameter(array))

    def forward(self, input: Array) -> Array:
        """Any shape that the arrays can be broadcast with."""
        x = real("Affine", "input", input)
        output = x if self.scale is None else np.multiply(x, self._numbers("scale"))
        output = output if self.shift is None else np.add(output, self._numbers("shift"))
        self.save_for_backward(x, output.shape)
        return output.copy() if output is x else output

    def _numbers(self, name: str) -> Array:
        value = getattr(self, name)
        return value.data if isinstance(value, nn.Parameter) else value

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of what is trained; return the gradient of the input."""
        x, shape = self.saved_for_backward()
        grad = real("Affine.backward", "grad_output", grad_output, x.dtype)
        check_shape("Affine.backward", "grad_output", grad, shape, "that of the output")
        for parameter, factor in ((self.scale, x), (self.shift, 1)):
            if isinstance(parameter, nn.Parameter) and parameter.requires_grad:
                parameter.accumulate(summed_to(grad * factor, parameter.shape))
        if not input_grad:
            return None
        return summed_to(grad if self.scale is None else grad * self._numbers("scale"), x.shape)

    def extra_repr(self) -> str:
        """Shapes of the arrays."""
        arrays = {name: getattr(self, name) for name in ("scale", "shift")}
        return ", ".join(f"{name}={array.shape}" for name, array in arrays.items() if array is not None)
