"""No byte outside the arrays is touched: every array of a kernel lies against a page that may not be."""

import sys
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from functional.calls import Maker
from kernels.guards import Pen

import fastconv as fc
from fastconv import _backend, nn, optim

from .drawn import FAMILIES, Normals, Pair, draw, enlarged, run, serves
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

ROOM = 1 << 20
EVERY = 25
"""One in so many cases has work for several threads."""


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
            pen = self.pens[number] if value.nbytes <= ROOM else Pen(value.nbytes)
            used.append((value, pen.put(value, self.at_end), pen))
            return used[-1][1]

        result = kernel(*map(fenced, arguments))
        self.calls += 1
        for array, copy, pen in used:
            if pen.broken():
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
    if pair and i % EVERY == 0:
        pair = Pair(*(enlarged(call, a, 30) for call in pair))
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
        2500,
        100_000,
        _attack,
    )
]
