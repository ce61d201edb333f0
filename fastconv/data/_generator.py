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


def plain_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return the state of a Generator in JSON values; ``rng.bit_generator.state`` takes it back.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> state = plain_state(rng)
    >>> first = rng.random()
    >>> rng.bit_generator.state = state
    >>> rng.random() == first
    True
    """
    state: dict[str, Any] = _plain(rng.bit_generator.state)
    return state


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
