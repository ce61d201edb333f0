"""What an optimizer takes from a saved state, once it is sure that it fits."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias

import numpy as np

from fastconv._arrays import Array, as_array
from fastconv._geometry import is_integer, shown
from fastconv._watch import states


class Watched(dict[Any, Any]):
    """A dictionary that tells `states` when it changes, so that nobody need look whether it did."""

    __slots__ = ()


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def change(self: Watched, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            states.made()

    return change


for _name in ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(Watched, _name, _telling(getattr(dict, _name)))

State: TypeAlias = dict[str, Any]
"""Of one parameter: its ``"step"`` and arrays; a `Watched` where an optimizer made it."""


set_silently = dict.__setitem__
"""For the count of steps, which is no change that anybody need look at."""


def parts(function: str, state_dict: Any) -> tuple[list[Mapping[str, Any]], Mapping[Any, Any]]:
    """The groups and the states of a `state_dict`, or the TypeError that says what it lacks."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"{function}: state_dict must be a mapping, got {shown(state_dict)}")
    groups, states = state_dict.get("param_groups"), state_dict.get("state")
    if not isinstance(states, Mapping) or not isinstance(groups, list):
        raise TypeError(f"{function}: state_dict must have a mapping 'state' and a list 'param_groups'")
    for group in groups:
        keys = group.get("params") if isinstance(group, Mapping) else None
        if not isinstance(keys, list) or not all(is_integer(key) or isinstance(key, str) for key in keys):
            raise TypeError(f"{function}: a group must have a list 'params' of names or positions, got {shown(group)}")
    return groups, states


def keys(group: Mapping[str, Any]) -> list[Any]:
    """What the parameters of a saved group are called: by their names if it has names, else as its states are."""
    names = group.get("param_names")
    params: list[Any] = group["params"]
    return names if isinstance(names, list) and len(names) == len(params) else params


def matched(group: int, ours: list[Any], saved: Mapping[str, Any]) -> tuple[list[str], list[tuple[Any, Any]]]:
    """Problems, and for each of our keys the saved one: by name if both sides have names, else by position."""
    theirs, params = keys(saved), saved["params"]
    if all(isinstance(key, str) for key in ours + theirs):
        problems = [f"group {group} misses {key!r}" for key in ours if key not in theirs]
        problems += [f"group {group} has unexpected {key!r}" for key in theirs if key not in ours]
        places = dict(zip(theirs, params, strict=True))
        return problems, [(key, places.get(key)) for key in ours]
    if len(ours) != len(theirs):
        return [f"group {group} has {len(theirs)} parameters instead of {len(ours)}"], []
    return [], list(zip(ours, params, strict=True))


def step_count(value: Any) -> int | None:
    """A number of steps, from an integer, or from the number or 0-d array that other libraries count in."""
    if not is_integer(value):
        try:
            number = float(value) if isinstance(value, float) else float(as_array("", "step", value).reshape(()))
        except (TypeError, ValueError):
            return None
        value = int(number) if number.is_integer() else -1
    return int(value) if 0 <= value < 2**63 else None


def fitting(
    key: Any, data: Array, saved: Any, buffers: dict[str, float], counts: bool
) -> tuple[list[str], State]:
    """What is wrong with a saved state of a parameter, and a copy of it; without `counts`, it may lack ``"step"``."""
    if not isinstance(saved, Mapping):
        return [f"the state of {key!r} is a {type(saved).__name__}"], {}
    # PyTorch writes None for an array that does not exist yet.
    saved = ({} if counts else {"step": 0}) | {name: value for name, value in saved.items() if value is not None}
    names = ["step", *buffers]
    faults = [f"the state of {key!r} misses {name!r}" for name in names if name not in saved]
    faults += [f"the state of {key!r} has unexpected {name!r}" for name in saved if name not in names]
    state: State = Watched()
    for name in (name for name in names if name in saved):
        value = saved[name]
        if name == "step":
            count = step_count(value)
            if count is None:
                faults.append(f"the step of {key!r} is {shown(value)}")
            else:
                state[name] = count
            continue
        try:
            array = as_array("load_state_dict", name, value)
        except TypeError:
            array = None
        if array is None or array.dtype.type is not data.dtype.type:
            faults.append(f"{name} of {key!r} is not a {data.dtype} array")
        elif array.shape != data.shape:
            faults.append(f"{name} of {key!r} has shape {array.shape} instead of {data.shape}")
        else:
            state[name] = np.array(array, data.dtype.type, order="C")
    return faults, state
