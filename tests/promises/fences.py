"""No byte outside the arrays is touched: every array of a kernel lies against a page that may not be."""

import ctypes
import mmap
import sys
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from functional.calls import Maker

import fastconv as fc
from fastconv import _backend, nn, optim

from .drawn import FAMILIES, Normals, draw, run, serves
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

PAGE = mmap.PAGESIZE
ROOM = 1 << 20
PROT_NONE = 0
CANARY = 0xA5
NEAR = 256
"""Bytes on the open side of an array that are compared afterwards."""


class Pen:
    """Memory between two forbidden pages, for one array after another."""

    def __init__(self, room: int) -> None:
        self.memory = mmap.mmap(-1, PAGE + room + PAGE)
        self.bytes = np.frombuffer(self.memory, np.uint8)
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for fence in (self.bytes.ctypes.data, self.bytes.ctypes.data + PAGE + room):
            if protect(ctypes.c_void_p(fence), ctypes.c_size_t(PAGE), PROT_NONE):
                raise OSError(ctypes.get_errno(), "mprotect")
        self.room = room
        self.near = self.bytes[:0]

    def put(self, array: np.ndarray, at_end: bool) -> np.ndarray:
        """A copy whose last byte, or first, lies against a fence."""
        start = PAGE + (self.room - array.nbytes if at_end else 0)
        ends = (
            slice(max(start - NEAR, PAGE), start)
            if at_end
            else slice(start + array.nbytes, start + array.nbytes + NEAR)
        )
        self.near = self.bytes[ends.start : min(ends.stop, PAGE + self.room)]
        self.near[:] = CANARY
        copy = self.bytes[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        copy[...] = array
        return copy


class Fences:
    """Kernels, each of whose arrays is copied into a pen for the call and back afterwards."""

    def __init__(self) -> None:
        self.pens: list[Pen] = []
        self.at_end = True
        self.calls = 0
        self.lost: list[str] = []

    def __call__(self, kernels: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(**{name: partial(self._call, name, kernel) for name, kernel in vars(kernels).items()})

    def _call(self, name: str, kernel: Callable[..., Any], *arguments: Any) -> Any:
        used: list[tuple[np.ndarray, np.ndarray, Pen]] = []

        def fenced(value: Any) -> Any:
            if isinstance(value, list):
                return [fenced(item) for item in value]
            if not isinstance(value, np.ndarray):
                return value
            number = len(used)
            if number == len(self.pens):
                self.pens.append(Pen(ROOM))
            pen = self.pens[number] if value.nbytes <= ROOM else Pen(-(-value.nbytes // PAGE) * PAGE)
            used.append((value, pen.put(value, self.at_end), pen))
            return used[-1][1]

        result = kernel(*map(fenced, arguments))
        self.calls += 1
        for array, copy, pen in used:
            if (pen.near != CANARY).any():
                self.lost.append(f"{name} wrote next to an array of shape {array.shape}")
            if array.flags.writeable:
                array[...] = copy
        return result


def _step(a: Maker) -> None:
    """Two steps of an optimizer on parameters of odd sizes."""
    rng = a.rng
    rules: list[Callable[..., Any]] = [
        partial(optim.SGD, momentum=0.9, nesterov=True),
        optim.Adagrad,
        partial(optim.RMSprop, centered=True, momentum=0.9),
        partial(optim.Adam, amsgrad=True),
        optim.AdamW,
    ]
    parameters = [nn.Parameter(a(int(size))) for size in rng.integers(1, 68, 2)]
    optimizer = rules[rng.integers(len(rules))](parameters, lr=0.1)
    for _ in range(2):
        for parameter in parameters:
            parameter.grad = a(*parameter.data.shape)
        optimizer.step()


FENCES = Fences()


def _case(seed: int, i: int) -> Tally:
    rng = np.random.default_rng((seed, i))
    a = Normals(rng.choice(["float32", "float64"]), rng)
    pair = None if rng.random() < 0.03 else draw(FAMILIES, a)
    fc.set_num_threads(1 + i % 3)
    FENCES.lost = []
    for isa in _backend.runnable():
        for FENCES.at_end in (True, False):
            with use(isa, FENCES):
                if pair is None:
                    _step(a)
                    continue
                for call in pair:
                    run(call)
                    if serves(call):
                        run(call, algorithm="winograd")
    return Tally(1, lost=[f"case {i}: {line}, in {pair and pair.forward.name}" for line in FENCES.lost])


def _attack(n: int, rng: np.random.Generator) -> Tally:
    if not sys.platform.startswith("linux"):
        return Tally(notes=["not tried: needs mprotect"])
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=5000, environment={})


PROMISES = [
    Promise(
        "fences",
        "no kernel touches a byte outside its arrays: forbidden pages before and behind each, on every instruction set",
        3000,
        100_000,
        _attack,
    )
]
