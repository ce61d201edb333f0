"""One axis into several."""

from collections.abc import Sequence
from math import prod

from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import integer, is_integer, is_sequence, shown

from .module import Module


class Unflatten(Module):
    """Give one axis several, as ``torch.nn.Unflatten``; undoes `Flatten`.

    Parameters
    ----------
    dim : int
        The axis; a negative one counts from the end.
    unflattened_size : sequence of int
        Its new sizes; one may be -1, and follows from the others.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Unflatten(1, (3, -1, 5))(np.zeros((2, 60))).shape
    (2, 3, 4, 5)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = integer("Unflatten", "dim", dim, -64, 63)
        if not is_sequence(unflattened_size) or not all(map(is_integer, unflattened_size)):
            raise TypeError(f"Unflatten: unflattened_size must be a sequence of ints, got {shown(unflattened_size)}")
        self.unflattened_size = tuple(integer("Unflatten", "unflattened_size", n, -1) for n in unflattened_size)
        if not self.unflattened_size or self.unflattened_size.count(-1) > 1:
            raise ValueError(
                f"Unflatten: unflattened_size must have at least one size and at most one -1, "
                f"got {self.unflattened_size}"
            )

    def forward(self, input: Array) -> Array:
        """A copy of the input with more axes."""
        array = real("Unflatten", "input", input)
        shape = array.shape
        axis = self.dim + len(shape) if self.dim < 0 else self.dim
        if not 0 <= axis < len(shape):
            raise ValueError(f"Unflatten: dim {self.dim} must be an axis of the input, got input of shape {shape}")
        sizes, known = self.unflattened_size, prod(n for n in self.unflattened_size if n != -1)
        if -1 in sizes and known and shape[axis] % known == 0:
            sizes = tuple(shape[axis] // known if n == -1 else n for n in sizes)
        if -1 in sizes or prod(sizes) != shape[axis]:
            raise ValueError(
                f"Unflatten: unflattened_size {self.unflattened_size} must multiply to the {shape[axis]} elements of "
                f"axis {axis}, got input of shape {shape}"
            )
        output = array.reshape(shape[:axis] + sizes + shape[axis + 1 :]).copy()
        self.save_for_backward(shape, output.shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: the same numbers in the input's shape."""
        shape, expected = self.saved_for_backward()
        if not input_grad:
            return None
        array = real("Unflatten.backward", "grad_output", grad_output)
        check_shape("Unflatten.backward", "grad_output", array, expected, "that of the output")
        return array.reshape(shape).copy()

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
