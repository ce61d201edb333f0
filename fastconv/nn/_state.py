"""Values of a state into the arrays of a module: all or none."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastconv._arrays import Array, as_array


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` skipped with ``strict=False``."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load(function: str, own: Mapping[str, Array], state: Mapping[str, Any], strict: bool) -> IncompatibleKeys:
    """Copy values into the arrays of the same names, after all of them were checked."""
    missing = [name for name in own if name not in state]
    unexpected = [str(name) for name in state if name not in own]
    problems: list[str] = []
    if strict:
        problems += [f"missing {name!r}" for name in missing] + [f"unexpected {name!r}" for name in unexpected]
    values: list[tuple[Array, Array]] = []
    for name, data in own.items():
        if name in state:
            problem, value = _fitting(name, data, state[name])
            problems += problem
            values += value
    if problems:
        raise ValueError(f"{function}: state_dict does not fit: " + "; ".join(problems))
    for into, new in values:
        into[...] = new
    return IncompatibleKeys(missing, unexpected)


def _fitting(name: str, data: Array, value: Any) -> tuple[list[str], list[tuple[Array, Array]]]:
    """What is wrong with a new value of an array; else that array and a copy of the value."""
    try:
        array = as_array("load_state_dict", name, value)
    except TypeError:
        return [f"{name!r} is not an array but {type(value).__name__}"], []
    problems = []
    if array.shape != data.shape:
        problems.append(f"{name!r} has shape {array.shape} instead of {data.shape}")
    if array.dtype.type is not data.dtype.type:
        problems.append(f"{name!r} has dtype {array.dtype} instead of {data.dtype}")
    if not data.flags.writeable:
        problems.append(f"{name!r} is read-only in this model")
    # A copy, because the value may be a view of an array that is overwritten before it.
    return problems, [] if problems else [(data, array.copy())]
