"""Arithmetic of IEEE 754 where Python raises instead."""

import math


def ratio(a: float, b: float) -> float:
    """``a / b``, also for ``b = 0``.

    Examples
    --------
    >>> ratio(-1.0, 0.0)
    -inf
    """
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
