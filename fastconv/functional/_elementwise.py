"""What functions of single elements share: checks, the result, and the call of the kernel."""

from typing import Any

from fastconv import _backend
from fastconv._arrays import Array, DType, check_shape, empty, real
from fastconv.functional._options import number


def option(function: str, name: str, value: Any, dtype: DType) -> float:
    """A parameter of an activation: a real number as the kernel takes it, rounded to the dtype of the arrays."""
    return float(dtype.type(number(function, name, value, dtype)))


def forward(function: str, kernel: str, input: Any, **options: Any) -> Array:
    """The activation ``kernel`` of every element; its options are numbers."""
    x = real(function, "input", input)
    parameters = [option(function, name, value, x.dtype) for name, value in options.items()]
    return computed(function, kernel, x, parameters)


def backward(function: str, kernel: str, grad_output: Any, input: Any, **options: Any) -> Array:
    """The gradient of the input, from that of the output and the input."""
    x, dy = pair(function, grad_output, input)
    parameters = [option(function, name, value, x.dtype) for name, value in options.items()]
    return computed_backward(function, kernel, dy, x, parameters)


def pair(function: str, grad_output: Any, input: Any, name: str = "input") -> tuple[Array, Array]:
    """The saved array and the gradient of the output, of one shape and dtype."""
    x = real(function, name, input)
    dy = real(function, "grad_output", grad_output, x.dtype)
    check_shape(function, "grad_output", dy, x.shape, f"that of {name}")
    return x, dy


def computed(function: str, kernel: str, x: Array, parameters: list[float]) -> Array:
    """Run the kernel."""
    y = empty(function, "input", x.shape, x.dtype)
    if y.size:
        first, second = (*parameters, 0.0, 0.0)[:2]
        _backend.ops(x.dtype).activation(x, y, kernel, first, second)
    return y


def computed_backward(function: str, kernel: str, dy: Array, x: Array, parameters: list[float]) -> Array:
    """Run the kernel of the gradient."""
    dx = empty(function, "input", x.shape, x.dtype)
    if dx.size:
        first, second = (*parameters, 0.0, 0.0)[:2]
        _backend.ops(x.dtype).activation_backward(dy, x, dx, kernel, first, second)
    return dx
