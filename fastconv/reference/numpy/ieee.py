"""Arithmetic that follows IEEE 754 without a word: no warning for an overflow or an invalid operation."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import numpy as np

Parameters = ParamSpec("Parameters")


def ieee(kernel: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Let infinities and NaN flow silently through `kernel`, as they do in the compiled one."""

    @wraps(kernel)
    def silent(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        with np.errstate(all="ignore"):
            kernel(*args, **kwargs)

    return silent
