"""The same number everywhere."""

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._geometry import Shape

from ._arguments import Tensor, fill, like, number, shape_of


def constant(shape: Shape, val: float, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """One number everywhere.

    Examples
    --------
    >>> constant((2,), 0.5)
    array([0.5, 0.5], dtype=float32)
    """
    return np.full(shape_of("constant", shape), number("constant", "val", val), real_dtype("constant", dtype))


def zeros(shape: Shape, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Zeros."""
    return np.zeros(shape_of("zeros", shape), real_dtype("zeros", dtype))


def ones(shape: Shape, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Ones."""
    return np.ones(shape_of("ones", shape), real_dtype("ones", dtype))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Overwrite an array or Parameter with one number and return it."""
    return fill(tensor, constant(like("constant_", tensor), val, dtype=np.float64))


def zeros_(tensor: Tensor) -> Tensor:
    """Overwrite an array or Parameter with zeros and return it."""
    return fill(tensor, zeros(like("zeros_", tensor), dtype=np.float64))


def ones_(tensor: Tensor) -> Tensor:
    """Overwrite an array or Parameter with ones and return it."""
    return fill(tensor, ones(like("ones_", tensor), dtype=np.float64))
