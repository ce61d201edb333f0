"""`rng=` arguments: an integer seed, a NumPy Generator, or None for one seeded by the operating system."""

from typing import Any

import numpy as np

from .._geometry import integer, is_integer


def generator(function: str, rng: Any) -> np.random.Generator:
    """Return the Generator that `rng` means.

    Examples
    --------
    >>> bool(generator("f", 7).integers(100) == np.random.default_rng(7).integers(100))
    True
    """
    if rng is None:
        return np.random.default_rng()
    if isinstance(rng, np.random.Generator):
        return rng
    if not is_integer(rng):
        kind = type(rng).__name__
        raise TypeError(f"{function}: rng must be an int seed or a numpy.random.Generator, got {kind}")
    return np.random.default_rng(integer(function, "rng", rng, 0, 2**64 - 1))
