"""Constructor arguments that several layers and criteria share."""

from typing import Any

import numpy as np

from fastconv._arrays import Array, real
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


def optional_real(criterion: str, name: str, value: Any) -> Array | None:
    """None, or an array of float32 or float64, as it was given: it may change between calls."""
    if value is not None:
        real(criterion, name, value)
    return value  # type: ignore[no-any-return]
