"""`rng=` arguments: an integer seed, a NumPy Generator, or None for one seeded by the operating system."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._geometry import integer, is_integer, shown


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
        raise TypeError(f"{function}: rng must be an int seed or a numpy.random.Generator, got {shown(rng)}")
    return np.random.default_rng(integer(function, "rng", rng, 0, 2**64 - 1))


def plain_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return the state of a Generator in JSON values; `set_state` takes it back.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> state = plain_state(rng)
    >>> first = rng.random()
    >>> set_state(rng, state)
    >>> rng.random() == first
    True
    """
    state: dict[str, Any] = _plain(rng.bit_generator.state)
    return state


def set_state(rng: np.random.Generator, state: Any) -> None:
    """Put a Generator into a state of `plain_state`, or of NumPy.

    NumPy believes the indices in a state and reads where they point; here they are checked.

    Raises
    ------
    ValueError
        It is no state of this kind of generator. Nothing was changed.
    """
    own, state = plain_state(rng), _plain(state)
    try:
        if not _alike(own, state):
            raise ValueError
        rng.bit_generator.state = state
    except (ValueError, OverflowError):  # of a number that is too large for its place
        rng.bit_generator.state = own
        raise ValueError(f"it must be a state of {own['bit_generator']}, got {shown(state)}") from None


# Numbers in an array of a state, as MT19937 has them.
_LONGEST = 624

# The largest values of numbers that are places or flags.
_LARGEST = {"pos": 624, "buffer_pos": 4, "has_uint32": 1}


def _alike(own: Any, other: Any, name: str = "") -> bool:
    """Whether a state has the parts of another, of the same kinds and sizes, and no number that cannot be."""
    if isinstance(own, dict):
        return (
            isinstance(other, dict)
            and own.keys() == other.keys()
            and all(_alike(value, other[key], key) for key, value in own.items())
        )
    if isinstance(own, list):
        same = isinstance(other, list) and len(own) == len(other)
        return same and all(type(item) is int and 0 <= item < 2**64 for item in other)
    if isinstance(own, str):
        return bool(own == other)
    return type(other) is int and 0 <= other <= _LARGEST.get(name, 2**128 - 1)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic) and value.size <= _LONGEST:
        return value.tolist()
    return value
