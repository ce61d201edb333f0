"""Fences hold: what is next to an array cannot be touched, or it shows."""

import sys

import numpy as np
import pytest
from kernels.guards import Pen
from numpy.lib.stride_tricks import as_strided

from .promise import Tally
from .supervised import supervise

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mprotect through ctypes")


def beside(x: np.ndarray, at_end: bool) -> np.ndarray:
    """The last element and the one behind it, or the first and the one before."""
    return as_strided(x[-1:], (2,), (x.itemsize,)) if at_end else as_strided(x[:1], (2,), (-x.itemsize,))


@pytest.mark.parametrize("at_end", [True, False])
def test_a_byte_on_the_open_side_shows(at_end: bool) -> None:
    pen = Pen(1000)
    x = pen.put(np.ones(33, np.float32), at_end)
    x[:] = 2
    assert not pen.broken()
    beside(x, not at_end)[1] = 3
    assert pen.broken()


def step_over(i: int) -> Tally:
    x = Pen(1000).put(np.ones(33, np.float32), at_end=i < 2)
    two = beside(x, at_end=i < 2)
    if i % 2:
        two[1] = 3
    return Tally(int(two[1]))


def test_a_step_over_the_fence_is_the_end() -> None:
    total = supervise(step_over, 4)
    assert (total.tried, total.lost) == (4, [f"case {i}: the process ended by SIGSEGV" for i in range(4)])
