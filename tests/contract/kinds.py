"""Kinds of arguments: values of the wrong type, and values that are impossible."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kind:
    """Values that an argument refuses with TypeError, and with ValueError."""

    types: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()

    def __add__(self, other: "Kind") -> "Kind":
        return Kind(self.types + other.types, self.values + other.values)

    def but(self, *taken: Any) -> "Kind":
        """Without what an argument takes after all."""
        texts = {repr(value) for value in taken}
        return Kind(
            tuple(value for value in self.types if repr(value) not in texts),
            tuple(value for value in self.values if repr(value) not in texts),
        )


HUGE = 2**62

INTEGER = Kind((2.0, "2", b"2", True, None, np.float64(2), {}, 2j, (2, 2), np.array([2, 2])))
NATURAL = INTEGER + Kind((), (-1, -(2**70)))
POSITIVE = NATURAL + Kind((), (0,))
PAIR = INTEGER.but((2, 2)) + Kind((), ((), (1, 2, 3), -1, HUGE, -(2**70)))
POSITIVE_PAIR = PAIR + Kind((), (0,))
NUMBER = Kind(("0.1", b"1", True, None, [0.1], 1j, {}, np.ones(2)))
FINITE = NUMBER + Kind((), (float("nan"), float("inf"), -float("inf"), 10**400))
NOT_NEGATIVE = FINITE + Kind((), (-1, -1e-300))
FRACTION = NOT_NEGATIVE + Kind((), (1.5,))
FLAG = Kind((1, 0, None, "yes", np.array(True), 1.0))
WORD = Kind((None, 3, b"mean", ["mean"], True), ("nonsense", "", "mean "))
DTYPE = Kind((np.float16, "nonsense", int, "complex64", object))
SEED = Kind((0.5, True, "0", [1], np.random), (-1,))
SHAPE = Kind((2.5, None, "ab", (2, 3.0), (2, True)), ((2, -3), (2, HUGE)))
ARRAY = Kind((1.0, None, "1", [1.0], np.ones(2, int), np.ones(2, np.float16), np.ones(2, bool), np.ndarray))
OBJECT = Kind((None, 3, "Adam", object()))
PARAMETERS = Kind((None, 3, "weights", np.ones(3), [np.ones(3)], [None]))
FUNCTION = Kind((None, 0.5, "f"))
PATH = Kind((None, 3.5, ["x"], {}))
