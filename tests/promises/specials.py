"""NaN and infinities land exactly where the definition says, in every lane, on every instruction set."""

from functools import partial
from typing import Any

import numpy as np
from functional.calls import Maker

import fastconv as fc
from fastconv import _backend

from .drawn import FAMILIES, Call, draw, run, serves
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

EVERY = 20
"""One in so many cases also holds the vectorised twin to the plain loops."""
VALUES = (np.nan, np.inf, -np.inf)


ROUNDED = ("batch_norm", "group_norm", "layer_norm", "softmax")
"""Of these a formula in another order may have inf - inf where one has inf: only what is finite is compared."""


def _may_hold(call: Call, argument: str) -> bool:
    """Whether the definition says where what is not finite in this argument goes.

    Statistics spread over their whole group. In the gradient of a convolution's input, and so in a transposed
    convolution, a tap that meets no output meets a zero, which is NaN times an infinite weight; the twins leave it out.
    """
    if "norm" in call.name:
        return argument in ("input", "grad_output")
    gradient = call.name.startswith("conv") and ("_backward" in call.name or "_transpose" in call.name)
    return argument != "weight" or not gradient


def _spoil(call: Call, rng: np.random.Generator) -> int:
    """Put a few values that are not finite anywhere in the arrays of a call; how many."""
    names = [
        name
        for name, value in call.arguments.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and _may_hold(call, name)
    ]
    for name in names:  # the other call of the pair has the same arrays
        call.arguments[name] = call.arguments[name].copy()
    count = int(rng.integers(1, 4))
    for _ in range(count):
        array = call.arguments[names[rng.integers(len(names))]]
        array.reshape(-1)[rng.integers(array.size)] = VALUES[rng.integers(3)]
    return count


def _classes(call: Call, **changed: Any) -> list[bytes]:
    """Which elements of the results are NaN, inf, -inf or none of them."""
    places = []
    for result in run(call, **changed):
        if result.dtype.kind != "f":
            places.append(result.tobytes())
        elif any(word in call.name for word in ROUNDED):
            places.append(np.isfinite(result).tobytes())
        else:
            places.append((np.isnan(result) + 2 * np.isposinf(result) + 3 * np.isneginf(result)).tobytes())
    return places


def _case(seed: int, i: int) -> Tally:
    rng = np.random.default_rng((seed, i))
    pair = draw(FAMILIES, Maker(rng.choice(["float32", "float64"]), rng))
    lost, faults = [], 0
    for call in pair:
        faults += _spoil(call, rng)
        with fc.use_backend("numpy"):
            expected = _classes(call)
        if i % EVERY == 0:
            with fc.use_backend("python"):
                if _classes(call) != expected:
                    lost.append(f"case {i}: the twins differ in {call}")
        ways = [{}, {"algorithm": "winograd"}] if serves(call) else [{}]
        for isa in _backend.runnable():
            for way in ways:
                with use(isa):
                    if _classes(call, **way) != expected:
                        lost.append(f"case {i}: {isa} differs in {call} {way or ''}")
    return Tally(1, faults, lost)


def _attack(n: int, rng: np.random.Generator) -> Tally:
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=5000)


PROMISES = [
    Promise(
        "specials",
        "NaN and infinities land exactly where the definition puts them, in every lane, on every instruction set",
        2000,
        20_000,
        _attack,
    )
]
