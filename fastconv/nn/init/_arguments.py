"""What first values are made for: shapes, or arrays that are overwritten."""

import math
from typing import Any, TypeVar

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import Shape, is_integer, shape_argument, shown

from ..parameter import Parameter, is_parameter_data

Rng = int | np.random.Generator | None
Tensor = TypeVar("Tensor", Array, Parameter)


def number(function: str, name: str, value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, float | int | np.floating | np.integer):
        raise TypeError(f"{function}: {name} must be a number, got {shown(value)}")
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        raise ValueError(f"{function}: {name} must be finite, got {shown(value)}")
    return real


def deviation(function: str, value: Any) -> float:
    """A standard deviation."""
    std = number(function, "std", value)
    if std < 0:
        raise ValueError(f"{function}: std must be >= 0, got {value}")
    return std


def shape_of(function: str, shape: Any, *ndims: int) -> Shape:
    """A shape, or the length of a one-dimensional one; with `ndims`, of as many dimensions."""
    sizes = shape_argument(function, "shape", (shape,) if is_integer(shape) else shape)
    if ndims and len(sizes) not in ndims:
        allowed = " or ".join(f"{ndim}-D" for ndim in ndims)
        raise ValueError(f"{function}: shape must be {allowed}, got {sizes}")
    return sizes


def like(function: str, tensor: Any) -> Shape:
    """The shape to make values for, once it is sure that they can be written."""
    data = tensor.data if isinstance(tensor, Parameter) else tensor
    if not is_parameter_data(data):
        raise TypeError(
            f"{function}: tensor must be a Parameter or an array of float32 or float64, got {type(data).__name__}"
        )
    if not data.flags.writeable:
        raise ValueError(f"{function}: tensor must be writeable, got a read-only array")
    return tuple(data.shape)


def fill(tensor: Tensor, values: Array) -> Tensor:
    """Overwrite an array or Parameter."""
    data = tensor.data if isinstance(tensor, Parameter) else tensor
    data[...] = values
    return tensor
