"""Arithmetic that follows IEEE 754 without a word: no warning for an overflow or an invalid operation."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def ieee(kernel: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let infinities and NaN flow silently through `kernel`, as they do in the compiled one."""

    @wraps(kernel)
    def silent(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with np.errstate(all="ignore"):
            return kernel(*args, **kwargs)

    return silent
