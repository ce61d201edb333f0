"""How long each call of a training step takes, and how much the machine could do in that time."""

import time
from copy import deepcopy
from statistics import median
from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array
from fastconv.nn import Module

from .observation import replaced

SECONDS = 0.5
LEAST_STEPS, MOST_STEPS = 5, 100


def times(model: Module, input: Array) -> list[tuple[float, float]]:
    """Milliseconds forward and backward of every call of a training step, in the order of the calls.

    A copy of the model is trained: its weights, gradients, statistics and random numbers are not the user's. A call
    that ``backward`` passes over takes it 0 ms.
    """
    model = deepcopy(model)
    model.train()
    forward: list[float] = []
    backward: list[float] = []
    open_calls: dict[int, list[int]] = {}

    def wrap_forward(module: Module, method: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            place = len(forward)
            forward.append(0.0)
            backward.append(0.0)
            open_calls.setdefault(id(module), []).append(place)
            start = time.perf_counter()
            output = method(*args, **kwargs)
            forward[place] = time.perf_counter() - start
            return output

        return timed

    def wrap_backward(module: Module, method: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            place = open_calls[id(module)].pop()
            start = time.perf_counter()
            grad = method(*args, **kwargs)
            backward[place] = time.perf_counter() - start
            return grad

        return timed

    steps: list[list[tuple[float, float]]] = []
    with replaced(model, "forward", wrap_forward), replaced(model, "backward", wrap_backward):
        end = time.perf_counter() + SECONDS
        while len(steps) <= LEAST_STEPS or (time.perf_counter() < end and len(steps) <= MOST_STEPS):
            forward.clear()
            backward.clear()
            open_calls.clear()
            output = model(input)
            model.backward(np.ones_like(output))
            model.zero_grad()
            steps.append(list(zip(forward, backward, strict=True)))
    # The first step meets cold caches and threads that do not exist yet.
    return [
        (1e3 * median(there for there, _ in calls), 1e3 * median(back for _, back in calls))
        for calls in zip(*steps[1:], strict=True)
    ]


def peak(dtype: str) -> float | None:
    """Floating-point operations a second that the compiled kernels could make at best; None for other backends."""
    if _backend.get_backend() != "cython":
        return None
    from fastconv.bench.peak import work

    call, best = work(dtype), 0.0
    for _ in range(10):
        start = time.perf_counter()
        operations = call()
        best = max(best, operations / (time.perf_counter() - start))
    return best
