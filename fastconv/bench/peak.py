"""The most that the compiled kernels could reach: the register tile on data that stay in the nearest cache."""

import importlib
from collections.abc import Callable
from typing import Any

from fastconv import _backend, _threads

REPEATS = 400


def work(dtype: str) -> Callable[[], int]:
    """A call that does a known number of floating-point operations on every thread, and returns it."""
    linear: Any = importlib.import_module(f"fastconv._kernels.{_backend.ISA}.{dtype}.linear")
    return lambda: int(linear._tiles(_threads.get_num_threads(), REPEATS))
