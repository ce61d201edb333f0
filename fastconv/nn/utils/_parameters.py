"""The argument that functions on many parameters share."""

from collections.abc import Iterable
from typing import Any

from fastconv._geometry import shown
from fastconv.nn.parameter import Parameter


def listed(function: str, parameters: Any) -> list[Parameter]:
    """One parameter or an iterable of them as a list."""
    if isinstance(parameters, Parameter):
        return [parameters]
    found = list(parameters) if isinstance(parameters, Iterable) else [parameters]
    for parameter in found:
        if not isinstance(parameter, Parameter):
            came = f"{type(parameter).__name__} {shown(parameter)}"
            raise TypeError(f"{function}: parameters must be a Parameter or several, got {came}")
    return found
