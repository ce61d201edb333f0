"""The constructor arguments that several layers share: `rng` and `dtype`."""

from typing import Any

import numpy as np

from fastconv._arrays import FLOAT32, FLOAT64, DType
from fastconv._geometry import integer, is_integer, shown


def generator(layer: str, rng: Any) -> np.random.Generator:
    """The Generator that `rng` means: itself, or a new one from a seed, or from the operating system for None."""
    if rng is None:
        return np.random.default_rng()
    if isinstance(rng, np.random.Generator):
        return rng
    if not is_integer(rng):
        raise TypeError(f"{layer}: rng must be an int seed or a numpy.random.Generator, got {shown(rng)}")
    return np.random.default_rng(integer(layer, "rng", rng, 0, 2**64 - 1))


def real_dtype(layer: str, dtype: Any) -> DType:
    """float32 or float64; None means float32."""
    if dtype is None:
        return FLOAT32
    try:
        scalar = np.dtype(dtype).type
    except TypeError:
        scalar = np.void
    if scalar is np.float32:
        return FLOAT32
    if scalar is np.float64:
        return FLOAT64
    raise TypeError(f"{layer}: dtype must be np.float32 or np.float64, got {shown(dtype)}")
