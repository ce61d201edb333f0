"""Compute with the kernels of any instruction set that this CPU runs, in one process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

import fastconv as fc
from fastconv import _backend

DTYPES = np.dtype(np.float32), np.dtype(np.float64)


@contextmanager
def use(isa: str, changed: Callable[[SimpleNamespace], SimpleNamespace] = lambda kernels: kernels) -> Iterator[None]:
    """Inside the block the compiled backend has the kernels of `isa`, or what `changed` makes of them."""
    before = {dtype: _backend._tables.get(("cython", dtype)) for dtype in DTYPES}
    for dtype in DTYPES:
        _backend._tables["cython", dtype] = changed(_backend.kernels(isa, dtype))
    try:
        with fc.use_backend("cython"):
            yield
    finally:
        for dtype, table in before.items():
            if table is None:
                del _backend._tables["cython", dtype]
            else:
                _backend._tables["cython", dtype] = table
