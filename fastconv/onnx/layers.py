"""What ONNX can say and `nn` has no layer for: parts of loaded models.

Like layers of `nn` they have a ``backward`` and a text, and can be exported again.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv import nn
from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import Shape


def summed_to(grad: Array, shape: Shape) -> Array:
    """The gradient of what was broadcast: sums over the axes along which it was repeated."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    repeated = tuple(axis for axis, size in enumerate(shape) if size == 1 and grad.shape[axis] != 1)
    return np.array(grad.sum(axis=repeated, keepdims=True) if repeated else grad, order="C")


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


class Pad(nn.Module):
    """A border of one value along any axes; negative amounts crop.

    Parameters
    ----------
    pads : sequence of pairs of int
        What is put before and behind each axis.
    value : float
    """

    def __init__(self, pads: Sequence[tuple[int, int]], value: float = 0.0) -> None:
        self.pads, self.value = tuple(pads), value

    def _flat(self, sign: int) -> tuple[int, ...]:
        return tuple(sign * amount for pair in reversed(self.pads) for amount in pair)

    def forward(self, input: Array) -> Array:
        """Any shape with as many axes."""
        return F.pad(input, self._flat(1), "constant", self.value)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output, cropped."""
        return F.pad(grad_output, self._flat(-1)) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"pads={self.pads}, value={self.value}"


class BorderedAvgPool2d(nn.Module):
    """Mean of every window of images with any border, of which the mean knows or not.

    Parameters
    ----------
    kernel_size, stride : pair of int
    padding : ((top, bottom), (left, right))
    count_include_pad : bool
        Whether the border counts as zeros; without it, the mean is that of the pixels alone.
    """

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[tuple[int, int], tuple[int, int]],
        count_include_pad: bool,
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.count_include_pad = count_include_pad

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``."""
        padded = F.pad2d(input, self.padding)
        output = F.avg_pool2d(padded, self.kernel_size, self.stride)
        factor: Any = None
        if not self.count_include_pad:
            pixels = F.pad2d(np.ones((1, *input.shape[-2:]), output.dtype), self.padding)
            factor = 1 / F.avg_pool2d(pixels, self.kernel_size, self.stride)
            output *= factor
        self.save_for_backward(input.shape, padded.shape, factor)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's is shared by its pixels."""
        shape, padded, factor = self.saved_for_backward()
        if not input_grad:
            return None
        grad = grad_output if factor is None else np.multiply(grad_output, factor)
        return F.pad2d_backward(F.avg_pool2d_backward(grad, padded, self.kernel_size, self.stride), shape, self.padding)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"count_include_pad={self.count_include_pad}"
        )


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
