"""Calls of kernels with arrays that lie between guard zones, or against memory that may not be used."""

import ctypes
import mmap
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 64  # bytes of the cache
ZONE = 512  # bytes on either side: more than the widest vector
PAGE = mmap.PAGESIZE
PROT_NONE = 0
CANARY = 0xA5


class Guards:
    """Arrays in the middle of larger buffers, whose every other byte is 0xFF: NaN to whoever reads it as a real.

    Each begins one element behind the beginning of a cache line.
    """

    def __init__(self) -> None:
        self.zones: list[NDArray[np.uint8]] = []

    def empty(self, shape: Sequence[int], dtype: Any) -> NDArray[Any]:
        element = np.dtype(dtype)
        size = int(np.prod(shape, dtype=object)) * element.itemsize
        buffer = np.full(ZONE + LINE + size + ZONE, 0xFF, np.uint8)
        start = ZONE + (element.itemsize - buffer.ctypes.data - ZONE) % LINE
        self.zones += [buffer[:start], buffer[start + size :]]
        return buffer[start : start + size].view(element).reshape(shape)

    def copy(self, array: NDArray[Any]) -> NDArray[Any]:
        guarded = self.empty(array.shape, array.dtype)
        guarded[...] = array
        return guarded

    def check(self) -> None:
        for i, zone in enumerate(self.zones):
            assert (zone == 0xFF).all(), f"bytes {'behind' if i % 2 else 'before'} an array were written"


class Pen:
    """Memory between two forbidden pages, for one array after another: a step over the fence ends the process."""

    def __init__(self, room: int) -> None:
        self.room = -(-room // PAGE) * PAGE
        self.memory = np.frombuffer(mmap.mmap(-1, PAGE + self.room + PAGE), np.uint8)
        self.near = self.memory[:0]
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for fence in (self.memory.ctypes.data, self.memory.ctypes.data + PAGE + self.room):
            if protect(ctypes.c_void_p(fence), ctypes.c_size_t(PAGE), PROT_NONE):
                raise OSError(ctypes.get_errno(), "mprotect")

    def empty(self, shape: Sequence[int], dtype: Any, at_end: bool) -> NDArray[Any]:
        """An array whose last byte, or first, lies against a fence; some bytes on the other side are marked."""
        size = prod(shape) * np.dtype(dtype).itemsize
        room = self.memory[PAGE : PAGE + self.room]
        if at_end:
            start = self.room - size
            self.near = room[max(start - ZONE, 0) : start]
        else:
            start = 0
            self.near = room[size : size + ZONE]
        self.near[:] = CANARY
        return room[start : start + size].view(dtype).reshape(shape)

    def put(self, array: NDArray[Any] | np.generic, at_end: bool) -> NDArray[Any]:
        """A copy there."""
        copy = self.empty(array.shape, array.dtype, at_end)
        copy[...] = array
        return copy

    def broken(self) -> bool:
        """Whether bytes on the open side have changed."""
        return bool((self.near != CANARY).any())


def call(
    kernel: Callable[..., None],
    inputs: Sequence[NDArray[Any] | None],
    outputs: Sequence[tuple[Sequence[int], Any] | None],
    *options: Any,
) -> list[NDArray[Any]]:
    """Run a kernel on guarded copies of `inputs`; return its outputs, which held NaN (or -1) before.

    Fails if a byte outside the arrays, or of an input, was changed.
    """
    guards = Guards()
    given = [None if array is None else guards.copy(array) for array in inputs]
    results = [None if output is None else guards.empty(*output) for output in outputs]
    kernel(*given, *results, *options)
    guards.check()
    for array, guarded in zip(inputs, given, strict=True):
        if array is not None and guarded is not None:
            assert guarded.tobytes() == array.tobytes(), "an input was changed"
    return [result for result in results if result is not None]


def call_in_place(
    kernel: Callable[..., None], arrays: Sequence[NDArray[Any] | None], *options: Any
) -> list[NDArray[Any]]:
    """Run a kernel that changes its arguments on guarded copies; return all of them as they are then."""
    guards = Guards()
    given = [None if array is None else guards.copy(array) for array in arrays]
    kernel(*given, *options)
    guards.check()
    return [array for array in given if array is not None]


def alone(kernel: Callable[..., None]) -> Callable[..., None]:
    """A kernel of an optimizer for one parameter: with arrays instead of lists of them."""
    return lambda *args: kernel(*([arg] if isinstance(arg, np.ndarray) else arg for arg in args))
