"""Gradients are exact adjoints: <A x, g> == <x, A' g>, in integers."""

from functools import partial

import numpy as np
from functional.calls import Maker

from fastconv import _backend

from .drawn import LINEAR, Call, draw, factor, run
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise


def _dot(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.vdot(a.astype(np.int64), b.astype(np.int64)))


def _case(seed: int, i: int) -> Tally:
    rng = np.random.default_rng((seed, i))
    forward, backward = draw(LINEAR, Maker(rng.choice(["float32", "float64"]), rng))
    lost = []
    arguments = {key: value for key, value in forward.arguments.items() if key != "bias"}
    x, g = arguments["input"], backward.arguments["grad_output"]
    if "avg" in forward.name:
        x, g = x.astype(np.float64) * factor(arguments), g.astype(np.float64)
    for isa in _backend.runnable():
        with use(isa):
            y, *places = run(Call(forward.name, arguments), input=x)
            indices = {"indices": places[0]} if places else {}
            if places:
                y[places[0] < 0] = 0  # -inf: windows in padding
            back = run(backward, grad_output=g, **indices)
            sides = [_dot(y, g), _dot(x, back[0])]
            if "max_unpool" in forward.name:  # of several elements in one place, one stays
                sides[1] = _dot(x, run(backward, grad_output=g)[0])
            if len(back) == 3:
                sides.append(_dot(arguments["weight"], back[1]))
                if not np.array_equal(back[2], g.sum(axis=tuple(a for a in range(g.ndim) if a != 1))):
                    lost.append(f"case {i}: {isa} grad_bias of {forward}")
        if len(set(sides)) > 1:
            lost.append(f"case {i}: {isa} {sides} of {forward}")
    return Tally(1, lost=lost)


def _attack(n: int, rng: np.random.Generator) -> Tally:
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=5000)


PROMISES = [
    Promise("adjoints", "gradients are exact adjoints on integer data, on every instruction set", 3000, 50_000, _attack)
]
