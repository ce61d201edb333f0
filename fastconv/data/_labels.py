"""Class ids that there is no class for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_labels(what: str, labels: NDArray[Any], first: int, end: int) -> None:
    """Refuse labels outside ``[first, end)``; the text names the first of them and its row.

    Examples
    --------
    >>> check_labels("labels.bin: labels", np.array([0, 3, 1]), 0, 3)
    Traceback (most recent call last):
        ...
    ValueError: labels.bin: labels[1] = 3 is not in [0, 3)
    """
    outside = np.flatnonzero((labels < first) | (labels >= end))
    if outside.size:
        row = int(outside[0])
        raise ValueError(f"{what}[{row}] = {labels[row]} is not in [{first}, {end})")
