"""Optimizers that are given the worst of all finite gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastconv as fc
from fastconv import _backend, nn, optim

from .promise import Promise, Tally
from .supervised import supervise

OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda params: optim.SGD(params, lr=1.0),
    "Momentum": lambda params: optim.Momentum(params, lr=1.0, momentum=0.99),
    "Momentum, nesterov": lambda params: optim.Momentum(params, lr=1.0, momentum=0.99, nesterov=True),
    "Adagrad": lambda params: optim.Adagrad(params, lr=1.0),
    "RMSprop": lambda params: optim.RMSprop(params, lr=1.0),
    "RMSprop, centered": lambda params: optim.RMSprop(params, lr=1.0, centered=True),
    "RMSprop, centered, momentum": lambda params: optim.RMSprop(params, lr=1.0, centered=True, momentum=0.99),
    "Adam": lambda params: optim.Adam(params, lr=1.0),
    "Adam, amsgrad": lambda params: optim.Adam(params, lr=1.0, amsgrad=True),
    "Adam, betas of zero": lambda params: optim.Adam(params, lr=1.0, betas=(0.0, 0.0)),
    "AdamW": lambda params: optim.AdamW(params, lr=1.0, weight_decay=0.01),
}
LARGEST = {np.float32: 1e15, np.float64: 1e150}
ROUND = 1000  # steps whose gradients are made at once
ELEMENTS = 37  # whole vectors of every instruction set, and a rest

# Of the steps on an instruction set, how many are tried here.
SHARE = {"numpy": 0.1, "python": 0.02}


def _patterns(kind: Any, first: int) -> NDArray[Any]:
    """Gradients of a round of steps, from step `first` on, in columns: each has a course of its own."""
    largest, smallest = LARGEST[kind], np.finfo(kind).smallest_subnormal
    tiny, step = np.finfo(kind).tiny, np.arange(first, first + ROUND)
    rng = np.random.default_rng(first)
    sign = np.where(step % 2, 1.0, -1.0)
    columns = [
        np.full(ROUND, largest), np.full(ROUND, -largest), np.full(ROUND, 1.0), np.full(ROUND, float(smallest)),
        np.full(ROUND, float(tiny)), np.zeros(ROUND), np.full(ROUND, -0.0), sign * largest, sign,
        sign * float(smallest), np.where(step % 3, 0.0, largest), np.where(step % 3, float(smallest), -largest),
        np.where(step % 1000, 0.0, largest), np.where(step < 10, largest, 0.0), np.where(step < 10, largest, 1e-3),
        np.where(step < 10, largest, float(smallest)), np.where(step < 10, float(smallest), largest),
        np.where(step % 20_000 < 10_000, largest, float(tiny)), np.where(step % 20_000 < 10_000, largest, -largest),
        np.where(step % 20_000 < 10_000, 0.0, sign * largest),
        largest * 0.5 ** (step % 200), largest * 0.9 ** (step % 4000),
        largest * np.sin(step), np.sqrt(largest) * sign, np.where(step % 2, largest, 1 / largest),
        np.where(step % 7, sign, largest * sign),
    ]  # fmt: skip
    random = largest ** rng.uniform(-1, 1, (ROUND, ELEMENTS - len(columns))) * rng.choice([-1, 1], (ROUND, 1))
    with np.errstate(under="ignore"):
        return np.column_stack([*columns, random]).astype(kind)


@contextmanager
def _place(name: str) -> Iterator[None]:
    """Compute on a backend, or on an instruction set of the compiled one."""
    if name in _backend.BACKENDS:
        with fc.use_backend(name):
            yield
        return
    keys = [("cython", np.dtype(kind)) for kind in LARGEST]
    before = dict(_backend._tables)
    _backend._tables.update({key: _backend.kernels(name, key[1]) for key in keys})
    try:
        with fc.use_backend("cython"):
            yield
    finally:
        _backend._tables.clear()
        _backend._tables.update(before)


class Course:
    """One optimizer on its way through the steps, with parameters of both kinds."""

    def __init__(self, name: str) -> None:
        self.params = [nn.Parameter(np.linspace(-1, 1, ELEMENTS).astype(kind)) for kind in LARGEST]
        self.optimizer = OPTIMIZERS[name](self.params)
        for parameter in self.params:
            parameter.grad = np.zeros_like(parameter.data)

    def go(self, gradients: list[NDArray[Any]], steps: int) -> list[str]:
        """Take some steps; what is not finite afterwards. A NaN stays one, so that it is enough to look in the end."""
        step, grads = self.optimizer.step, [parameter.grad for parameter in self.params]
        for i in range(steps):
            for grad, rows in zip(grads, gradients, strict=True):
                grad[...] = rows[i]
            step()
        found = {"parameter": [p.data for p in self.params]} | {
            key: [self.optimizer.state[p][key] for p in self.params]
            for key, value in self.optimizer.state[self.params[0]].items() if key != "step"
        }  # fmt: skip
        return [
            f"{name} {array.dtype}: {array[~np.isfinite(array)]} at {np.flatnonzero(~np.isfinite(array))}"
            for name, arrays in found.items() for array in arrays if not np.isfinite(array).all()
        ]  # fmt: skip


def _take(place: str, name: str, steps: int) -> Tally:
    """The steps of one optimizer at one place."""
    with _place(place):
        course = Course(name)
        for first in range(0, steps, ROUND):
            count = min(ROUND, steps - first)
            if wrong := course.go([_patterns(kind, first) for kind in LARGEST], count):
                told = f"{place}, {name}, after step {first + count}"
                return Tally(first + count, 0, [f"{told}: {what}" for what in wrong])
    return Tally(steps)


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Take `n` steps in all: equally many on each instruction set, fewer on the other backends."""
    places = [*_backend.runnable(), *SHARE]
    each = n / len(OPTIMIZERS) / sum(SHARE.get(place, 1.0) for place in places)
    steps = {place: max(1, round(each * SHARE.get(place, 1.0))) for place in places}
    courses = [(place, name) for place in places for name in OPTIMIZERS]
    total = supervise(lambda i: _take(*courses[i], steps[courses[i][0]]), len(courses), seconds=3600, chunk=1)
    told = ", ".join(f"{count:,} on {place}" for place, count in steps.items())
    total.notes.append(f"steps of each optimizer: {told}")
    return total


FULL = round(1_000_000 * len(OPTIMIZERS) * (len(_backend.runnable()) + sum(SHARE.values())))

PROMISES = [
    Promise("gradients", "Finite gradients up to 1e15 (float32) or 1e150 (float64) leave parameters and states finite "
            "through 1,000,000 steps of each optimizer, learning rates up to 1, momentum up to 0.99", 150_000, FULL,
            attack),
]  # fmt: skip
