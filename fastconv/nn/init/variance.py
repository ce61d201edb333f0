"""Random weights whose size follows from how many inputs and outputs they connect."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import Shape, shown

from ._arguments import Rng, Tensor, fill, like, number, shape_of
from .distribution import normal, uniform
from .gain import gain_of


def fan_in(shape: Shape) -> int:
    """How many inputs one output of a weight of this shape has: in-channels times kernel size."""
    return _fans("fan_in", shape)[0]


def xavier_uniform(
    shape: Shape, gain: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    r"""Uniform in :math:`\pm gain \sqrt{6 / (fan_{in} + fan_{out})}` (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * _xavier("xavier_uniform", shape, gain)
    return uniform(shape, -bound, bound, **_drawn("xavier_uniform", rng, dtype))


def xavier_normal(
    shape: Shape, gain: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    r"""Normal with deviation :math:`gain \sqrt{2 / (fan_{in} + fan_{out})}` (Glorot and Bengio, 2010)."""
    deviation = _xavier("xavier_normal", shape, gain)
    return normal(shape, 0.0, deviation, **_drawn("xavier_normal", rng, dtype))


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
    return uniform(shape, -bound, bound, **_drawn("kaiming_uniform", rng, dtype))


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
    deviation = _kaiming("kaiming_normal", shape, a, mode, nonlinearity)
    return normal(shape, 0.0, deviation, **_drawn("kaiming_normal", rng, dtype))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `xavier_uniform` and return it."""
    shape = like("xavier_uniform_", tensor)
    return fill(tensor, xavier_uniform(shape, gain, rng=rng, dtype=np.float64))


def xavier_normal_(tensor: Tensor, gain: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `xavier_normal` and return it."""
    shape = like("xavier_normal_", tensor)
    return fill(tensor, xavier_normal(shape, gain, rng=rng, dtype=np.float64))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> Tensor:
    """Overwrite an array or Parameter with `kaiming_uniform` and return it."""
    shape = like("kaiming_uniform_", tensor)
    values = kaiming_uniform(shape, a, mode, nonlinearity, rng=rng, dtype=np.float64)
    return fill(tensor, values)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> Tensor:
    """Overwrite an array or Parameter with `kaiming_normal` and return it."""
    shape = like("kaiming_normal_", tensor)
    values = kaiming_normal(shape, a, mode, nonlinearity, rng=rng, dtype=np.float64)
    return fill(tensor, values)


def _drawn(function: str, rng: Any, dtype: Any) -> dict[str, Any]:
    """What numbers are drawn from and made of, checked in the name of the function."""
    return {"rng": generator(function, rng), "dtype": real_dtype(function, dtype)}


def _fans(function: str, shape: Any) -> tuple[int, int]:
    shape = shape_of(function, shape)
    if len(shape) < 2:
        raise ValueError(f"{function}: shape must be at least 2-D, (out, in, ...), got {shape}")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _xavier(function: str, shape: Any, gain: Any) -> float:
    """Standard deviation; 0 for a weight without elements."""
    total = sum(_fans(function, shape))
    return number(function, "gain", gain) * math.sqrt(2.0 / total) if total else 0.0


def _kaiming(function: str, shape: Any, a: Any, mode: Any, nonlinearity: str) -> float:
    """Standard deviation; 0 for a weight without elements."""
    if not isinstance(mode, str):
        raise TypeError(f"{function}: mode must be 'fan_in' or 'fan_out', got {shown(mode)}")
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"{function}: mode must be 'fan_in' or 'fan_out', got {shown(mode)}")
    fan = _fans(function, shape)[mode.lower() == "fan_out"]
    gain = gain_of(function, nonlinearity, "a", number(function, "a", a))
    return gain / math.sqrt(fan) if fan else 0.0
