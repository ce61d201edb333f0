"""A promise, and the tally of one attack on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


@dataclass
class Tally:
    """What was tried, how many faults were injected on the way, and every case in which the promise was broken."""

    tried: int = 0
    faults: int = 0
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # of cases that do not count, with their reason

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.tried + other.tried, self.faults + other.faults, self.lost + other.lost, self.notes + other.notes
        )


class Promise(NamedTuple):
    """One promise: `attack(n, rng)` tries about `n` cases drawn by `rng`."""

    name: str
    text: str
    smoke: int  # cases in a quick run
    full: int  # cases in a full run
    attack: Callable[[int, np.random.Generator], Tally]
