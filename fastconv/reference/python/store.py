"""The way back from a list of Python floats into an array."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def store(array: NDArray[Any], values: Sequence[float]) -> None:
    """Write `values`, in row-major order, into a C-contiguous `array`; each is rounded once."""
    with np.errstate(all="ignore"):
        array.reshape(-1)[:] = values
