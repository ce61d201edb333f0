"""The same numbers with other axes."""

from collections.abc import Sequence
from math import prod

import numpy as np

from fastconv import nn
from fastconv._arrays import Array, real
from fastconv._geometry import Shape


class Transpose(nn.Module):
    """The axes in another order.

    Parameters
    ----------
    perm : sequence of int
        For each axis of the output, which axis of the input it is.
    """

    def __init__(self, perm: Sequence[int]) -> None:
        self.perm = tuple(perm)

    def forward(self, input: Array) -> Array:
        """Any shape with as many axes."""
        return np.array(real("Transpose", "input", input).transpose(self.perm), order="C")

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: axes as they were."""
        if not input_grad:
            return None
        grad = real("Transpose.backward", "grad_output", grad_output)
        return np.array(grad.transpose(np.argsort(self.perm)), order="C")

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"perm={self.perm}"


class Reshape(nn.Module):
    """The same numbers in another shape.

    Parameters
    ----------
    sizes : sequence of int
        One may be -1, and follows from the others; 0 is the size that the input has there.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)

    def shape_for(self, shape: Shape) -> Shape:
        """Of the output, where one size may be -1."""
        if any(size == 0 and axis >= len(shape) for axis, size in enumerate(self.sizes)):
            raise ValueError(f"Reshape: input must have as many axes as sizes {self.sizes} count on, got shape {shape}")
        return tuple(size or shape[axis] for axis, size in enumerate(self.sizes))

    def forward(self, input: Array) -> Array:
        """Any shape with as many elements."""
        x = real(type(self).__name__, "input", input)
        sizes = self.shape_for(x.shape)
        try:
            output = x.reshape(sizes).copy()
        except ValueError:
            name = type(self).__name__
            raise ValueError(f"{name}: input must have elements for shape {sizes}, got shape {x.shape}") from None
        self.save_for_backward(x.shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: the same numbers in the input's shape."""
        (shape,) = self.saved_for_backward()
        return real("Reshape.backward", "grad_output", grad_output).reshape(shape).copy() if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"sizes={self.sizes}"


class Matrix(Reshape):
    """Two axes out of many: those before `axis`, and the others.

    Parameters
    ----------
    axis : int
    """

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def shape_for(self, shape: Shape) -> Shape:
        """Rows and columns."""
        return prod(shape[: self.axis]), prod(shape[self.axis :] if self.axis else shape)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"axis={self.axis}"


class Squeeze(Reshape):
    """Axes of size 1 left out.

    Parameters
    ----------
    axes : sequence of int
    """

    def __init__(self, axes: Sequence[int]) -> None:
        self.axes = tuple(axes)

    def shape_for(self, shape: Shape) -> Shape:
        """The other sizes."""
        left_out = {axis % len(shape) for axis in self.axes}
        if any(shape[axis] != 1 for axis in left_out):
            raise ValueError(f"Squeeze: input must have size 1 along axes {self.axes}, got shape {shape}")
        return tuple(size for axis, size in enumerate(shape) if axis not in left_out)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"axes={self.axes}"


class Unsqueeze(Squeeze):
    """Axes of size 1 put in.

    Parameters
    ----------
    axes : sequence of int
        Their places in the output.
    """

    def shape_for(self, shape: Shape) -> Shape:
        """Sizes with 1 between them."""
        count = len(shape) + len(self.axes)
        new, old = {axis % count for axis in self.axes}, iter(shape)
        return tuple(1 if axis in new else next(old) for axis in range(count))
