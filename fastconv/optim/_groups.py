"""What may be trained: the `params` argument of optimizers."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fastconv.nn.parameter import Parameter

from ._overlap import overlapping

Params = Iterable[Parameter] | Iterable[tuple[str, Parameter]] | Iterable[dict[str, Any]]


def split(optimizer: str, params: Any) -> tuple[list[Parameter], list[str]]:
    """The parameters of a group and their names, if they have any."""
    if isinstance(params, Parameter):
        params = [params]
    if isinstance(params, np.ndarray | Mapping | str | set | frozenset) or not isinstance(params, Iterable):
        raise TypeError(f"{optimizer}: params must be Parameters in a definite order, got {type(params).__name__}")
    entries = list(params)
    if not entries:
        raise ValueError(f"{optimizer}: params is empty: there is nothing to train")
    named = [isinstance(e, tuple) and len(e) == 2 and isinstance(e[0], str) for e in entries]
    if any(named) and not all(named):
        raise ValueError(f"{optimizer}: either all params have names or none")
    names = [entry[0] for entry in entries] if all(named) else []
    parameters = [entry[1] for entry in entries] if all(named) else entries
    for i, parameter in enumerate(parameters):
        if not isinstance(parameter, Parameter):
            raise TypeError(
                f"{optimizer}: params must be Parameters, got {type(parameter).__name__} at position {i}"
                + (": wrap it in nn.Parameter" if isinstance(parameter, np.ndarray) else "")
            )
    return parameters, names


def check_distinct(optimizer: str, groups: list[dict[str, Any]]) -> None:
    """Refuse a parameter that would be updated twice."""
    parameters = [parameter for group in groups for parameter in group["params"]]
    names = [name for group in groups for name in group.get("param_names", ())] or list(range(len(parameters)))
    for label in {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ():
        raise ValueError(f"{optimizer}: params has two parameters of the name {label!r}")
    shared = overlapping([parameter.data for parameter in parameters])
    if shared is None and len({id(parameter) for parameter in parameters}) < len(parameters):
        raise ValueError(f"{optimizer}: params has the same Parameter twice")
    if shared is not None:
        first, second = shared
        what = "are the same array" if parameters[first].data is parameters[second].data else "overlap in memory"
        raise ValueError(f"{optimizer}: the parameters {names[first]!r} and {names[second]!r} {what}")
