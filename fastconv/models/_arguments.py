"""Arguments that the building functions share."""

from typing import Any

import numpy as np

from fastconv._arrays import FLOAT64, real_dtype
from fastconv._generator import generator
from fastconv._geometry import integer, shown
from fastconv.functional._options import number


def first_values(function: str, rng: Any, dtype: Any) -> dict[str, Any]:
    """`rng` and `dtype` as layers take them: one generator for all."""
    return {"rng": generator(function, rng), "dtype": real_dtype(function, dtype)}


def classes_and_channels(function: str, num_classes: Any, in_channels: Any) -> tuple[int, int]:
    """Two numbers of at least 1."""
    return integer(function, "num_classes", num_classes, 1), integer(function, "in_channels", in_channels, 1)


def probability(function: str, name: str, value: Any) -> float:
    """A number in [0, 1]."""
    p = number(function, name, value, FLOAT64)
    if not 0 <= p <= 1:
        raise ValueError(f"{function}: {name} must be in [0, 1], got {shown(value)}")
    return p


class Width:
    """Numbers of channels of a network that is made wider or narrower by a factor.

    With `divisor` they are multiples of it, and at least 90 % of the exact product, as Sandler et al. round them for
    MobileNetV2; vectors of that many channels are what hardware likes.
    """

    def __init__(self, function: str, width_mult: Any, divisor: int = 1) -> None:
        self.factor = number(function, "width_mult", width_mult, FLOAT64)
        if not 0 < self.factor < np.inf:
            raise ValueError(f"{function}: width_mult must be positive and finite, got {shown(width_mult)}")
        self.divisor = divisor

    def __call__(self, channels: int) -> int:
        exact, divisor = channels * self.factor, self.divisor
        rounded = max(divisor, int(exact + divisor / 2) // divisor * divisor)
        return rounded + divisor if rounded < 0.9 * exact else rounded
