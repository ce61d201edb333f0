"""A call, and the pair of calls that goes forward and back."""

from typing import Any, NamedTuple

import numpy as np
from functional.calls import Maker
from functional.calls import run as _run

from fastconv import functional as F


class Call(NamedTuple):
    """A function of `fastconv.functional` and its arguments."""

    name: str
    arguments: dict[str, Any]


class Pair(NamedTuple):
    """A forward call and one of its gradient, of fitting shapes."""

    forward: Call
    backward: Call


class Normals(Maker):
    """Real data, on which every order of summation gives other bits."""

    def __call__(self, *shape: int) -> np.ndarray:
        return np.asarray(self.rng.standard_normal(shape)).astype(self.dtype)


def run(call: Call, **changed: Any) -> list[np.ndarray]:
    """The results of a call, some of its arguments changed."""
    with np.errstate(all="ignore"):  # of the NumPy twin
        return _run(call.name, call.arguments | changed)


def shape_of(name: str, arguments: dict[str, Any]) -> tuple[int, ...]:
    """The shape of a forward result: that for an empty batch tells it without computing."""
    x = arguments["input"]
    return (x.shape[0], *np.asarray(getattr(F, name)(**arguments | {"input": x[:0]})).shape[1:])
