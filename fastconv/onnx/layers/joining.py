"""Layers of several inputs."""

import numpy as np

from fastconv import nn
from fastconv._arrays import Array, real

from ._broadcast import summed_to


class Add(nn.Module):
    """The sum of two inputs, broadcast as in NumPy; ``backward`` returns a gradient for each."""

    def forward(self, a: Array, b: Array) -> Array:
        """The sum."""
        a = real("Add", "a", a)
        b = real("Add", "b", b, a.dtype)
        self.save_for_backward(a.shape, b.shape)
        return np.asarray(np.add(a, b))

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> tuple[Array, Array] | None:
        """Return the gradients of the inputs: sums of that of the output, where they were broadcast."""
        first, second = self.saved_for_backward()
        grad = real("Add.backward", "grad_output", grad_output)
        return (summed_to(grad, first), summed_to(grad, second)) if input_grad else None


class Multiply(nn.Module):
    """The product of two inputs, broadcast as in NumPy; ``backward`` returns a gradient for each."""

    def forward(self, a: Array, b: Array) -> Array:
        """The product, element by element."""
        a = real("Multiply", "a", a)
        b = real("Multiply", "b", b, a.dtype)
        self.save_for_backward(a, b)
        return np.asarray(np.multiply(a, b))

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> tuple[Array, Array] | None:
        """Return the gradients of the inputs: each is that of the output times the other input."""
        a, b = self.saved_for_backward()
        grad = real("Multiply.backward", "grad_output", grad_output)
        return (summed_to(grad * b, a.shape), summed_to(grad * a, b.shape)) if input_grad else None


class MatMul(nn.Module):
    """The matrix product of two inputs, over the last two axes; ``backward`` returns a gradient for each."""

    def forward(self, a: Array, b: Array) -> Array:
        """The products."""
        a = real("MatMul", "a", a)
        b = real("MatMul", "b", b, a.dtype)
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError(f"MatMul: a and b must be matrices or stacks of them, got shapes {a.shape} and {b.shape}")
        self.save_for_backward(a, b)
        product: Array = np.matmul(a, b)
        return product

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> tuple[Array, Array] | None:
        """Return the gradients of the inputs."""
        a, b = self.saved_for_backward()
        if not input_grad:
            return None
        grad = real("MatMul.backward", "grad_output", grad_output)
        first, second = np.matmul(grad, b.swapaxes(-1, -2)), np.matmul(a.swapaxes(-1, -2), grad)
        return summed_to(first, a.shape), summed_to(second, b.shape)


class Join(nn.Module):
    """Inputs joined along an axis; ``backward`` returns a gradient for each.

    Parameters
    ----------
    axis : int
    """

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, *inputs: Array) -> Array:
        """Shapes that differ in the axis alone."""
        arrays = [real("Join", f"input {i}", x) for i, x in enumerate(inputs)]
        output = np.concatenate(arrays, axis=self.axis)
        self.save_for_backward([array.shape[self.axis] for array in arrays])
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> tuple[Array, ...] | None:
        """Return the gradients of the inputs: their shares of that of the output."""
        (sizes,) = self.saved_for_backward()
        if not input_grad:
            return None
        grad = real("Join.backward", "grad_output", grad_output)
        parts = np.split(grad, np.cumsum(sizes)[:-1].tolist(), axis=self.axis)
        return tuple(np.array(part, order="C") for part in parts)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"axis={self.axis}"
