"""What one row of the table computes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Call = Callable[[], Sequence[Any]]
"""Compute once; give back the results: arrays, numbers or tensors."""


class Task(NamedTuple):
    """One computation, once through fastconv on whatever backend is active, and once in torch on the same arrays."""

    title: str
    direction: str
    flops: int | None
    """Floating-point operations; None where memory, not arithmetic, is the work."""
    fastconv: Callable[[], Call]
    torch: Callable[[Any], Call]
    """Both make the call: what they prepare is not timed. The argument is the module torch."""
    dtype: str = "float32"
    copied: NDArray[Any] | None = None
    """Where memory is the work: an array whose copy is what the time is held against."""
    onnxruntime: Callable[[Any], Call] | None = None
    """The same in onnxruntime, which is given as the argument; None where it cannot take part."""
    tolerance: float = 1e-4
    """Largest allowed difference between two results, relative to the largest value: float32 sums in another order."""


def normals(*shape: int) -> NDArray[Any]:
    """The same standard normal float32 numbers for the same shape, in every run."""
    return np.random.default_rng(shape).standard_normal(shape, dtype=np.float32)
