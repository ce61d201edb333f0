"""First values of weights, with PyTorch's names and formulas.

Every distribution comes twice: ``uniform(shape, ...)`` returns a new array, ``uniform_(tensor, ...)`` overwrites an
array or `Parameter` and returns it. Numbers are drawn in float64 and then rounded, so that one seed gives the same
weights in float32 and float64 up to rounding.
"""

import math
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._geometry import Shape, is_integer, shape_argument, shown

from ._arguments import generator
from .parameter import Parameter, is_parameter_data

Rng = int | np.random.Generator | None
Tensor = TypeVar("Tensor", Array, Parameter)

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights must be so that signals keep their size through an activation.

    Parameters
    ----------
    nonlinearity : {"linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}
    param : float, optional
        The slope of leaky_relu, 0.01 without it.

    Examples
    --------
    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    if not isinstance(nonlinearity, str):
        raise TypeError(f"calculate_gain: nonlinearity must be a str, got {shown(nonlinearity)}")
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else _number("calculate_gain", "param", param)
        return math.sqrt(2.0 / (1.0 + slope**2))
    if nonlinearity not in _GAINS:
        names = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ValueError(f"calculate_gain: nonlinearity must be one of {names}, got {nonlinearity!r}")
    return _GAINS[nonlinearity]


def fan_in(shape: Shape) -> int:
    """How many inputs one output of a weight of this shape has: in-channels times kernel size."""
    return _fans("fan_in", shape)[0]


def uniform(
    shape: Shape, a: float = 0.0, b: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Uniform numbers between `a` and `b`.

    Examples
    --------
    >>> values = uniform((1000,), -2.0, 2.0, rng=0)
    >>> values.dtype, bool(abs(values).max() <= 2)
    (dtype('float32'), True)
    """
    low, high = _number("uniform", "a", a), _number("uniform", "b", b)
    if low > high:
        raise ValueError(f"uniform: a must be at most b, got a {a} and b {b}")
    shape, element = _shape("uniform", shape), real_dtype("uniform", dtype)
    return (low + (high - low) * generator("uniform", rng).random(shape)).astype(element)


def normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Normal numbers of a mean and a standard deviation."""
    centre, spread = _number("normal", "mean", mean), _number("normal", "std", std)
    if spread < 0:
        raise ValueError(f"normal: std must be >= 0, got {std}")
    shape, element = _shape("normal", shape), real_dtype("normal", dtype)
    return (centre + spread * generator("normal", rng).standard_normal(shape)).astype(element)


def constant(shape: Shape, val: float, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """One number everywhere."""
    return np.full(_shape("constant", shape), _number("constant", "val", val), real_dtype("constant", dtype))


def zeros(shape: Shape, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Zeros."""
    return constant(shape, 0.0, dtype=dtype)


def ones(shape: Shape, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Ones."""
    return constant(shape, 1.0, dtype=dtype)


def xavier_uniform(
    shape: Shape, gain: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    r"""Uniform in :math:`\pm gain \sqrt{6 / (fan_{in} + fan_{out})}` (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * _xavier("xavier_uniform", shape, gain)
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def xavier_normal(
    shape: Shape, gain: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    r"""Normal with deviation :math:`gain \sqrt{2 / (fan_{in} + fan_{out})}` (Glorot and Bengio, 2010)."""
    return normal(shape, 0.0, _xavier("xavier_normal", shape, gain), rng=rng, dtype=dtype)


def kaiming_uniform(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Rng = None,
    dtype: npt.DTypeLike = np.float32,
) -> Array:
    r"""Uniform in :math:`\pm gain \sqrt{3 / fan}` (He, Zhang, Ren and Sun, 2015).

    Parameters
    ----------
    shape : tuple of int
        At least 2-D: out-channels, in-channels, kernel.
    a : float
        Slope of the leaky_relu that follows.
    mode : {"fan_in", "fan_out"}
        Keep the size of signals on the way forward, or of gradients on the way back.
    nonlinearity : str
        As in `calculate_gain`.
    rng : int or numpy.random.Generator, optional
    dtype : float32 or float64

    Examples
    --------
    >>> values = kaiming_uniform((8, 3, 5, 5), nonlinearity="relu", rng=0)
    >>> bool(abs(values).max() <= (6 / 75) ** 0.5)
    True
    """
    bound = math.sqrt(3.0) * _kaiming("kaiming_uniform", shape, a, mode, nonlinearity)
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def kaiming_normal(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Rng = None,
    dtype: npt.DTypeLike = np.float32,
) -> Array:
    r"""Normal with deviation :math:`gain / \sqrt{fan}` (He, Zhang, Ren and Sun, 2015).

    Arguments as `kaiming_uniform`.
    """
    return normal(shape, 0.0, _kaiming("kaiming_normal", shape, a, mode, nonlinearity), rng=rng, dtype=dtype)


# ---- the same, in place


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `uniform` and return it."""
    return _fill(tensor, uniform(_like("uniform_", tensor), a, b, rng=rng, dtype=np.float64))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `normal` and return it."""
    return _fill(tensor, normal(_like("normal_", tensor), mean, std, rng=rng, dtype=np.float64))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Overwrite an array or Parameter with one number and return it."""
    return _fill(tensor, constant(_like("constant_", tensor), val, dtype=np.float64))


def zeros_(tensor: Tensor) -> Tensor:
    """Overwrite an array or Parameter with zeros and return it."""
    return _fill(tensor, zeros(_like("zeros_", tensor), dtype=np.float64))


def ones_(tensor: Tensor) -> Tensor:
    """Overwrite an array or Parameter with ones and return it."""
    return _fill(tensor, ones(_like("ones_", tensor), dtype=np.float64))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `xavier_uniform` and return it."""
    shape = _like("xavier_uniform_", tensor)
    return _fill(tensor, xavier_uniform(shape, gain, rng=rng, dtype=np.float64))


def xavier_normal_(tensor: Tensor, gain: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `xavier_normal` and return it."""
    shape = _like("xavier_normal_", tensor)
    return _fill(tensor, xavier_normal(shape, gain, rng=rng, dtype=np.float64))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> Tensor:
    """Overwrite an array or Parameter with `kaiming_uniform` and return it."""
    shape = _like("kaiming_uniform_", tensor)
    values = kaiming_uniform(shape, a, mode, nonlinearity, rng=rng, dtype=np.float64)
    return _fill(tensor, values)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> Tensor:
    """Overwrite an array or Parameter with `kaiming_normal` and return it."""
    shape = _like("kaiming_normal_", tensor)
    values = kaiming_normal(shape, a, mode, nonlinearity, rng=rng, dtype=np.float64)
    return _fill(tensor, values)


# ---- what they share


def _number(function: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int | np.floating | np.integer):
        raise TypeError(f"{function}: {name} must be a number, got {shown(value)}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{function}: {name} must be finite, got {number}")
    return number


def _shape(function: str, shape: Any) -> Shape:
    return shape_argument(function, "shape", (shape,) if is_integer(shape) else shape)


def _fans(function: str, shape: Any) -> tuple[int, int]:
    shape = _shape(function, shape)
    if len(shape) < 2:
        raise ValueError(f"{function}: shape must be at least 2-D, (out, in, ...), got {shape}")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _xavier(function: str, shape: Any, gain: Any) -> float:
    """Standard deviation; 0 for a weight without elements."""
    total = sum(_fans(function, shape))
    return _number(function, "gain", gain) * math.sqrt(2.0 / total) if total else 0.0


def _kaiming(function: str, shape: Any, a: Any, mode: Any, nonlinearity: str) -> float:
    """Standard deviation; 0 for a weight without elements."""
    if mode not in ("fan_in", "fan_out"):
        kind = ValueError if isinstance(mode, str) else TypeError
        raise kind(f"{function}: mode must be 'fan_in' or 'fan_out', got {shown(mode)}")
    fan = _fans(function, shape)[mode == "fan_out"]
    gain = calculate_gain(nonlinearity, _number(function, "a", a))
    return gain / math.sqrt(fan) if fan else 0.0


def _like(function: str, tensor: Any) -> Shape:
    """The shape to draw, once it is sure that the result can be written."""
    data = tensor.data if isinstance(tensor, Parameter) else tensor
    if not is_parameter_data(data):
        raise TypeError(
            f"{function}: tensor must be a Parameter or an array of float32 or float64, got {type(data).__name__}"
        )
    if not data.flags.writeable:
        raise ValueError(f"{function}: tensor must be writeable, got a read-only array")
    return tuple(data.shape)


def _fill(tensor: Tensor, values: Array) -> Tensor:
    data = tensor.data if isinstance(tensor, Parameter) else tensor
    data[...] = values
    return tensor
