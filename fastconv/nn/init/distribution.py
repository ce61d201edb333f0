"""Random numbers: uniform, normal, and normal between bounds."""

import math

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import Shape

from ._arguments import Rng, Tensor, deviation, fill, like, number, shape_of


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
    low, high = number("uniform", "a", a), number("uniform", "b", b)
    if low > high:
        raise ValueError(f"uniform: a must be at most b, got a {a} and b {b}")
    shape, element = shape_of("uniform", shape), real_dtype("uniform", dtype)
    return (low + (high - low) * generator("uniform", rng).random(shape)).astype(element)


def normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Normal numbers of a mean and a standard deviation.

    Examples
    --------
    >>> values = normal((1000,), std=0.1, rng=0)
    >>> bool(0.09 < values.std() < 0.11)
    True
    """
    centre, spread = number("normal", "mean", mean), deviation("normal", std)
    shape, element = shape_of("normal", shape), real_dtype("normal", dtype)
    return (centre + spread * generator("normal", rng).standard_normal(shape)).astype(element)


def trunc_normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: Rng = None,
    dtype: npt.DTypeLike = np.float32,
) -> Array:
    r"""Normal numbers, drawn again until they are between `a` and `b`.

    Their density is :math:`\phi((x - mean) / std)` between the bounds, up to a factor, and 0 elsewhere.

    Parameters
    ----------
    shape : tuple of int
    mean, std : float
        Of the normal distribution before it is cut; `std` > 0.
    a, b : float
        The bounds, ``a <= b``. The distribution may lie outside of them.
    rng : int or numpy.random.Generator, optional
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> values = trunc_normal((1000,), std=0.5, a=-1, b=1, rng=0)
    >>> bool(abs(values).max() <= 1)
    True
    """
    name = "trunc_normal"
    centre, spread = number(name, "mean", mean), deviation(name, std)
    low, high = number(name, "a", a), number(name, "b", b)
    if spread == 0:
        raise ValueError(f"{name}: std must be > 0, got {std}")
    if low > high:
        raise ValueError(f"{name}: a must be at most b, got a {a} and b {b}")
    shape, element = shape_of(name, shape), real_dtype(name, dtype)
    random = generator(name, rng)
    # As many deviations away, the nearest bound is the only number; more of them would overflow.
    lowest, highest = (min(max((bound - centre) / spread, -1e100), 1e100) for bound in (low, high))
    values = np.empty(math.prod(shape))
    places = np.arange(values.size)
    while places.size:
        drawn, good = _between(lowest, highest, random, places.size)
        values[places[good]] = drawn[good]
        places = places[~good]
    values = np.clip(centre + spread * values, low, high)  # rounding must not leave the bounds
    return values.reshape(shape).astype(element)


def _between(low: float, high: float, random: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Candidates for standard normal numbers in ``[low, high]``, and which of them are some."""
    if _below(high) - _below(low) > 0.25:
        drawn = random.standard_normal(count)
        return drawn, (low <= drawn) & (drawn <= high)
    if high < 0:
        drawn, good = _between(-high, -low, random, count)
        return -drawn, good
    part = random.random(count)
    if low <= 0:  # a short way around the mean: even numbers, thinned out as the density is
        drawn = low + (high - low) * part
        return drawn, random.random(count) < np.exp(-(drawn**2) / 2)
    # A tail: beyond `low`, exponential numbers fall faster than the density by exp(-x^2 / 2) (C. P. Robert, 1995).
    beyond = np.minimum(-np.log1p(part * math.expm1(-low * (high - low))) / low, high - low)
    return low + beyond, random.random(count) < np.exp(-(beyond**2) / 2)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `uniform` and return it."""
    return fill(tensor, uniform(like("uniform_", tensor), a, b, rng=rng, dtype=np.float64))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `normal` and return it."""
    return fill(tensor, normal(like("normal_", tensor), mean, std, rng=rng, dtype=np.float64))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, rng: Rng = None
) -> Tensor:
    """Overwrite an array or Parameter with `trunc_normal` and return it."""
    return fill(tensor, trunc_normal(like("trunc_normal_", tensor), mean, std, a, b, rng=rng, dtype=np.float64))


def _below(x: float) -> float:
    """The share of standard normal numbers below `x`."""
    return (1 + math.erf(x / math.sqrt(2))) / 2
