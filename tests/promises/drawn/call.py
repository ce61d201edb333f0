"""A call, and the pair of calls that goes forward and back."""

from math import prod
from typing import Any, NamedTuple

import numpy as np
from functional.calls import Maker
from functional.calls import run as _run

import fastconv as fc
from fastconv import functional as F


class Call(NamedTuple):
    """A function of `fastconv.functional` and its arguments."""

    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        """Shapes say more than elements."""
        shown = (
            f"{key}={f'{x.dtype}{list(x.shape)}' if isinstance(x, np.ndarray) else x}"
            for key, x in self.arguments.items()
        )
        return f"{self.name}({', '.join(shown)})"


class Pair(NamedTuple):
    """A forward call and one of its gradient, of fitting shapes."""

    forward: Call
    backward: Call


POOL = np.random.default_rng(0).standard_normal(1 << 20)


class Normals(Maker):
    """Real data, on which every order of summation gives other bits: pieces of one pool, as drawing takes longest."""

    def __call__(self, *shape: int) -> np.ndarray:
        size = prod(shape)
        start = int(self.rng.integers(0, POOL.size - size))
        return POOL[start : start + size].reshape(shape).astype(self.dtype)


def run(call: Call, **changed: Any) -> list[np.ndarray]:
    """The results of a call, some of its arguments changed."""
    with np.errstate(all="ignore"):  # of the NumPy twin
        return _run(call.name, call.arguments | changed)


def shape_of(name: str, arguments: dict[str, Any]) -> tuple[int, ...]:
    """The shape of a forward result: that for an empty batch tells it without computing."""
    x = arguments["input"]
    return (x.shape[0], *np.asarray(getattr(F, name)(**arguments | {"input": x[:0]})).shape[1:])


def serves(call: Call, algorithm: str = "winograd") -> bool:
    """Whether a call is a convolution that the algorithm can compute."""
    given = call.arguments
    if call.name not in ("conv2d", "conv2d_backward"):
        return False
    options = {key: given[key] for key in ("stride", "padding", "dilation", "groups")}
    try:
        fc.explain_conv2d(
            given["input"].shape, given["weight"].shape, **options, algorithm=algorithm, dtype=given["input"].dtype
        )
    except ValueError:
        return False
    return True
