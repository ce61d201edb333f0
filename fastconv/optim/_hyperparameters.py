"""What counts as a hyper-parameter: a finite number in a range."""

import math
import numbers
from typing import Any

from fastconv._geometry import is_sequence, shown


def number(
    optimizer: str, name: str, value: Any, low: float = 0.0, below: float = math.inf, *, above: bool = False
) -> float:
    """One number in ``[low, below)``; with ``above``, greater than ``low``.

    Examples
    --------
    >>> number("SGD", "lr", 0.1)
    0.1
    >>> number("SGD", "lr", -1)
    Traceback (most recent call last):
        ...
    ValueError: SGD: lr must be finite and >= 0, got -1
    """
    if type(value) is float and low < value < below:  # every step asks about every hyper-parameter
        return value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{optimizer}: {name} must be a number, got {shown(value)}")
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real) or not low <= real < below or (above and real == low):
        start = f"{'>' if above else '>='} {low:g}"
        allowed = f"finite and {start}" if below == math.inf else f"{start} and < {below:g}"
        raise ValueError(f"{optimizer}: {name} must be {allowed}, got {shown(value)}")
    return real


def flag(optimizer: str, name: str, value: Any) -> bool:
    """True or False, and nothing that merely counts as such."""
    if not isinstance(value, bool):
        raise TypeError(f"{optimizer}: {name} must be True or False, got {shown(value)}")
    return value


def betas(optimizer: str, value: Any) -> tuple[float, float]:
    """Adam's two rates, each in ``[0, 1)``."""
    if type(value) is tuple and len(value) == 2:
        return number(optimizer, "betas", value[0], 0.0, 1.0), number(optimizer, "betas", value[1], 0.0, 1.0)
    if not is_sequence(value):
        raise TypeError(f"{optimizer}: betas must be a pair of numbers, got {shown(value)}")
    if len(value) != 2:
        raise ValueError(f"{optimizer}: betas must be a pair of numbers, got {len(value)} values: {shown(value)}")
    first, second = (number(optimizer, "betas", beta, 0.0, 1.0) for beta in value)
    return first, second
