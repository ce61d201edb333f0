"""What schedulers take: whole numbers, shares, and numbers for each parameter group."""

from typing import Any

from fastconv._geometry import integer

from .._hyperparameters import number


def whole(scheduler: str, name: str, value: Any, low: int = 0) -> int:
    """An integer, at least `low`."""
    return integer(scheduler, name, value, low, 2**63 - 1)


def share(scheduler: str, name: str, value: Any) -> float:
    """A number in ``[0, 1]``.

    Examples
    --------
    >>> share("LinearLR", "end_factor", 2)
    Traceback (most recent call last):
        ...
    ValueError: LinearLR: end_factor must be in [0, 1], got 2
    """
    part = number(scheduler, name, value)
    if part > 1:
        raise ValueError(f"{scheduler}: {name} must be in [0, 1], got {value}")
    return part


def per_group(scheduler: str, name: str, value: Any, groups: int) -> list[float]:
    """One number for every parameter group, or a list with one for each."""
    if not isinstance(value, list | tuple):
        return [number(scheduler, name, value)] * groups
    if len(value) != groups:
        raise ValueError(f"{scheduler}: {name} has {len(value)} values for {groups} parameter groups")
    return [number(scheduler, name, each) for each in value]
