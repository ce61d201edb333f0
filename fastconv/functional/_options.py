"""Options that are words, flags or plain numbers rather than sizes."""

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from fastconv._geometry import is_sequence, shown

Mask = tuple[bool, bool, bool]

_LARGEST = float(np.finfo(np.float32).max)


def word(function: str, name: str, value: object, allowed: Collection[str]) -> str:
    """One of a few words."""
    if type(value) is str and value in allowed:
        return value
    choices = tuple(allowed)
    if not isinstance(value, str):
        raise TypeError(f"{function}: {name} must be a str, one of {', '.join(choices)}; got {shown(value)}")
    if value not in choices:
        raise ValueError(f"{function}: {name} must be one of {', '.join(choices)}; got {shown(value)}")
    return value


def flag(function: str, name: str, value: object) -> bool:
    """True or False, and nothing that merely counts as such."""
    if value is True or value is False:
        return value
    if not isinstance(value, np.bool_):
        raise TypeError(f"{function}: {name} must be True or False, got {shown(value)}")
    return bool(value)


def output_mask(function: str, value: Any) -> Mask:
    """Which of the gradients of input, weight and bias are wanted."""
    if type(value) is not tuple and not is_sequence(value):
        raise TypeError(f"{function}: output_mask must be three bools, got {shown(value)}")
    if len(value) != 3:
        raise ValueError(f"{function}: output_mask must be three bools, got {len(value)}: {shown(value)}")
    first, second, third = value
    name = "output_mask"
    return flag(function, name, first), flag(function, name, second), flag(function, name, third)


def number(function: str, name: str, value: Any, dtype: np.dtype[Any]) -> float:
    """A real number that an array of the dtype can hold; infinities and NaN are numbers."""
    if type(value) is float and -_LARGEST <= value <= _LARGEST:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{function}: {name} must be a real number, got {shown(value)}")
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
        finite = True
    else:
        finite = math.isfinite(real)
    if finite and not abs(real) <= float(np.finfo(dtype).max):
        raise ValueError(f"{function}: {name} must be within the range of {dtype}, got {shown(value)}")
    return real
