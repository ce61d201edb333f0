"""The right answer: of small integers, every instruction set gives the bits of the plain twin, forward and back."""

from functools import partial

import numpy as np
from functional.calls import Maker, same_bits

import fastconv as fc
from fastconv import _backend

from .drawn import EXACT, Pair, draw, run
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

EVERY = 20
"""One in so many cases also holds the vectorised twin to the plain loops."""


def _case(seed: int, i: int) -> Tally:
    rng = np.random.default_rng((seed, i))
    pair: Pair = draw(EXACT, Maker(rng.choice(["float32", "float64"]), rng))
    fc.set_num_threads(1 + i % 3)
    lost = []
    for call in pair:
        with fc.use_backend("numpy"):
            expected = run(call)
        if i % EVERY == 0:
            with fc.use_backend("python"):
                if not all(map(same_bits, run(call), expected)):
                    lost.append(f"case {i}: the twins differ in {call}")
        for isa in _backend.runnable():
            with use(isa):
                if not all(map(same_bits, run(call), expected)):
                    lost.append(f"case {i}: {isa} differs in {call}")
    return Tally(1, lost=lost)


def _attack(n: int, rng: np.random.Generator) -> Tally:
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=5000, environment={})


PROMISES = [
    Promise(
        "integers",
        "of integer data, every instruction set gives the bits of the plain twin, forward and gradients",
        5000,
        200_000,
        _attack,
    )
]
