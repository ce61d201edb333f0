"""What an optimizer takes from a saved state, once it is sure that it fits."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import is_integer, shown
from fastconv.nn.parameter import is_parameter_data

State = dict[str, Any]


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


def matched(group: int, ours: list[Any], theirs: list[Any]) -> tuple[list[str], list[tuple[Any, Any]]]:
    """Problems, and for each of our keys the saved one: by name if both sides have names, else by position."""
    if all(isinstance(key, str) for key in ours + theirs):
        problems = [f"group {group} misses {key!r}" for key in ours if key not in theirs]
        problems += [f"group {group} has unexpected {key!r}" for key in theirs if key not in ours]
        return problems, [(key, key) for key in ours]
    if len(ours) != len(theirs):
        return [f"group {group} has {len(theirs)} parameters instead of {len(ours)}"], []
    return [], list(zip(ours, theirs, strict=True))


def fitting(key: Any, data: Array, saved: Any, buffers: dict[str, float]) -> tuple[list[str], State]:
    """What is wrong with a saved state of a parameter, and a copy of it."""
    if not isinstance(saved, Mapping):
        return [f"the state of {key!r} is a {type(saved).__name__}"], {}
    names = ["step", *buffers]
    faults = [f"the state of {key!r} misses {name!r}" for name in names if name not in saved]
    faults += [f"the state of {key!r} has unexpected {name!r}" for name in saved if name not in names]
    state: State = {}
    for name in (name for name in names if name in saved):
        value = saved[name]
        if name == "step":
            if is_integer(value) and 0 <= value < 2**63:
                state[name] = int(value)
            else:
                faults.append(f"the step of {key!r} is {shown(value)}")
        elif not is_parameter_data(value) or value.dtype.type is not data.dtype.type:
            faults.append(f"{name} of {key!r} is not a {data.dtype} array")
        elif value.shape != data.shape:
            faults.append(f"{name} of {key!r} has shape {value.shape} instead of {data.shape}")
        else:
            state[name] = np.array(value, data.dtype.type, order="C")
    return faults, state
