"""The same bits for any number of threads, any split of the batch and any layout of memory."""

from functools import partial
from typing import Any

import numpy as np
from functional.calls import Maker, same_bits
from functional.test_layouts import LAYOUTS
from functional.test_repeatability import BATCHES

import fastconv as fc
from fastconv import _backend

from .drawn import FAMILIES, Call, Normals, draw, run, serves
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

THREADS = (2, 3, 4, 7, 8, 16)
IMAGES = ("grad_output", "input", "output", "logits", "target", "indices")
MOST = 200_000
"""Elements of an argument."""


def _enlarged(call: Call, a: Maker) -> Call:
    """As many images that there is work for some threads."""
    sizes = [np.size(value) for value in call.arguments.values()]
    times = min(2 ** int(a.rng.integers(0, 9)), max(MOST // max(sizes), 1))
    names = (*IMAGES, "weight", "pos_weight") if "binary" in call.name else IMAGES

    def larger(name: str, value: Any) -> Any:
        if name == "input_shape":
            return (value[0] * times, *value[1:])
        if name not in names:
            return value
        more = np.concatenate([value] * times)
        return more if value.dtype.kind == "i" else abs(a(*more.shape)) if "target" in name else a(*more.shape)

    return Call(call.name, {name: larger(name, value) for name, value in call.arguments.items()})


def _has_batch(call: Call, results: list[np.ndarray]) -> bool:
    """Whether each image has a result of its own: no sum over the batch, no softmax across it."""
    across = call.arguments.get("dim", 1) % max(results[0].ndim, 1) == 0
    return call.name in BATCHES and not across and not call.arguments.get("training")


def _differences(call: Call, rng: np.random.Generator) -> list[str]:
    """What changes the bits of a call."""
    fc.set_num_threads(1)
    expected, found = run(call), []

    def compare(what: str, wanted: list[np.ndarray], **changed: Any) -> None:
        if not all(map(same_bits, run(call, **changed), wanted)):
            found.append(f"{what}: {call}")

    for count in THREADS:
        fc.set_num_threads(count)
        compare(f"{count} threads", expected)
    fc.set_num_threads(int(rng.integers(1, 4)))
    if _has_batch(call, expected):
        names, results = BATCHES[call.name]
        images = len(expected[0])
        start = int(rng.integers(0, images))
        part = slice(start, int(rng.integers(start, images)) + 1)
        parts = {name: call.arguments[name][part] for name in names if np.ndim(call.arguments.get(name))}
        compare(f"images {start} to {part.stop}", [result[part] for result in expected[:results]], **parts)
    arrays = [name for name, value in call.arguments.items() if isinstance(value, np.ndarray)]
    for layout, change in LAYOUTS.items():
        name = arrays[rng.integers(len(arrays))]
        compare(f"{name} {layout}", expected, **{name: change(call.arguments[name])})
    return found


def _case(seed: int, i: int) -> Tally:
    rng = np.random.default_rng((seed, i))
    a = Normals(rng.choice(["float32", "float64"]), rng)
    pair = draw(FAMILIES, a)
    call = _enlarged(pair[rng.integers(2)], a)
    if serves(call) and rng.random() < 0.5:
        call.arguments["algorithm"] = "winograd"
    isas = _backend.runnable()
    with use(isas[rng.integers(len(isas))]):
        return Tally(1, lost=[f"case {i}: {line}" for line in _differences(call, rng)])


def _attack(n: int, rng: np.random.Generator) -> Tally:
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=2500, environment={})


PROMISES = [
    Promise(
        "same-bits",
        "the same bits with 1, 2, 3, 4, 7, 8 and 16 threads, for any part of the batch, and in 13 layouts of memory",
        250,
        10_000,
        _attack,
    )
]
