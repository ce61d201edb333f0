"""The implementations under test: one for each instruction set and element type, and the NumPy twin."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from fastconv import _backend
from fastconv.reference import numpy as vectorised

DTYPES = ("float32", "float64")


class Kernels(NamedTuple):
    """The functions of one implementation and the element type to call them with."""

    isa: str
    dtype: np.dtype[Any]
    ops: Any

    @property
    def eps(self) -> float:
        return float(np.finfo(self.dtype).eps)


@pytest.fixture(params=[(isa, dtype) for isa in (*_backend.runnable(), "numpy") for dtype in DTYPES], ids="-".join)
def kernels(request: pytest.FixtureRequest) -> Kernels:
    """Run the test on every compiled implementation that this CPU can run, and on the NumPy twin."""
    isa, dtype = request.param
    ops: SimpleNamespace | Any = vectorised if isa == "numpy" else _backend.kernels(isa, dtype)
    return Kernels(isa, np.dtype(dtype), ops)


@pytest.fixture(params=[(isa, dtype) for isa in _backend.runnable() for dtype in DTYPES], ids="-".join)
def compiled(request: pytest.FixtureRequest) -> Kernels:
    """Run the test on every compiled implementation that this CPU can run."""
    isa, dtype = request.param
    return Kernels(isa, np.dtype(dtype), _backend.kernels(isa, dtype))
