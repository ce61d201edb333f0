"""What a row of the table is made of."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOAT64 = np.float64


class No(str):
    """Why an option of torch is not offered."""


class With(dict[str, Any]):
    """A value of an option together with the other arguments that it needs."""


@dataclass(frozen=True)
class Entry:
    """A function or class that torch has too.

    Attributes
    ----------
    base
        Arguments of the shortest valid call, by torch's names.
    options
        Values to compare with torch, or `No`, for every other parameter of torch.
    inputs
        What a layer or criterion is called with.
    tolerance
        Largest difference, relative to the largest element of an array.
    """

    base: dict[str, Any] = field(default_factory=dict)
    options: dict[str, list[Any] | No] = field(default_factory=dict)
    inputs: tuple[np.ndarray, ...] = ()
    tolerance: float = 1e-12


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    return abs(normal(*shape, seed=seed)) + 0.1


def ids(high: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(high).integers(0, high, shape)


def places() -> np.ndarray:
    """Indices that name no place of a plane of 72 or more elements twice."""
    return np.add(ids(30, 2, 4, 1, 1), [[0, 5, 9], [2, 33, 4]])


RETIRED = No("retired by torch; `reduction`")
PURE = No("inputs are never modified")
ACCEPTED = No("accepted, without effect: inputs are never modified")
CPU = No("the CPU is the only device")
IMPLEMENTATION = No("choice of an implementation; here there is one")
GRAPH = No("there is no graph to differentiate or capture")
INTERNAL = No("internal to torch's warnings")
DTYPES = No("dtypes are never converted; `input.astype`")

LOSS = {"size_average": RETIRED, "reduce": RETIRED, "reduction": ["sum", "none", "mean"]}
