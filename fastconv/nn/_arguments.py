"""The constructor argument that several layers share: `rng`."""

from typing import Any

import numpy as np

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
