"""Kernels give back what they hold: the memory of their workspace, and the arrays."""

import ctypes
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fastconv as fc
from fastconv import _backend

from .test_guard_pages import every_kernel

CALLS = 8  # Python allocates a little as well, but not so often
LEAST_BLOCK = 32  # bytes that an allocation takes


class Mallinfo(ctypes.Structure):
    """What glibc knows of its heap, in bytes and blocks."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def references(arguments: Sequence[Any]) -> list[int]:
    """To arrays, also to those in lists."""
    each = [a for argument in arguments for a in (argument if isinstance(argument, list) else [argument])]
    return [sys.getrefcount(a) for a in each if isinstance(a, np.ndarray)]


class Counted:
    """Plain arrays, and calls that are repeated while bytes and references are counted."""

    def __init__(self) -> None:
        self.heap = ctypes.CDLL(None).mallinfo2
        self.heap.restype = Mallinfo

    def empty(self, shape: Sequence[int], dtype: Any) -> NDArray[Any]:
        return np.zeros(shape, dtype)

    def copy(self, array: NDArray[Any] | np.generic) -> NDArray[Any]:
        return np.array(array)

    def in_use(self) -> int:
        heap = self.heap()
        return int(heap.uordblks + heap.hblkhd)

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        before = references(arguments)
        kernel(*arguments)
        assert references(arguments) == before, "an array is still held"
        grown = []
        for _ in range(3):
            bytes_before = self.in_use()
            for _ in range(CALLS):
                kernel(*arguments)
            grown.append(self.in_use() - bytes_before)
            if grown[-1] < CALLS * LEAST_BLOCK:
                return
        raise AssertionError(f"{CALLS} calls leave {grown} bytes behind")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc 2.33")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_kernel(dtype: str) -> None:
    if _backend.ISA is None:
        pytest.skip("no compiled kernels")
    fc.set_num_threads(1)
    every_kernel(Counted(), _backend.kernels(_backend.ISA, dtype), dtype)
