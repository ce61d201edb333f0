"""Losses of a difference: equal to the plain loops, with and without the gradient."""

import math
from typing import Any

import numpy as np
import pytest
from grids import ELEMENTWISE, normals
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

# limit, quadratic, linear, offset
CURVES = {
    "square": (math.inf, 1.0, 0.0, 0.0),
    "absolute": (0.0, 0.0, 1.0, 0.0),
    "huber": (0.5, 0.5, 0.5, 0.25),
    "smooth": (0.5, 1.0, 1.0, 0.25),
}


def run(ops: Any, x: NDArray[Any], t: NDArray[Any], curve: tuple[float, ...]) -> list[NDArray[Any]]:
    """Losses and gradient together, and each alone."""
    one = (x.shape, x.dtype)
    both = call(ops.difference_loss, [x, t], [one, one], *curve, 0.25)
    losses = call(ops.difference_loss, [x, t], [one, None], *curve, 0.25)
    gradient = call(ops.difference_loss, [x, t], [None, one], *curve, 0.25)
    return [*both, *losses, *gradient]


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_equal_to_plain_loops(shape: tuple[int, ...], curve: tuple[float, ...], kernels: Kernels) -> None:
    x, t = normals(shape, kernels.dtype), normals(shape, kernels.dtype, rng=1)
    x.reshape(-1)[::3] = t.reshape(-1)[::3]
    for result, right in zip(run(kernels.ops, x, t, curve), run(python, x, t, curve), strict=True):
        # The NumPy twin subtracts in the type of the arrays.
        close = 4 * kernels.eps
        assert_allclose(result, right, rtol=close, atol=2 * close if kernels.isa == "numpy" else 0, strict=True)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_special_values(curve: tuple[float, ...], kernels: Kernels) -> None:
    x = np.array([0.0, math.inf, -math.inf, math.nan, 0.5, -0.5, math.inf, 1e30], kernels.dtype)
    t = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.inf, -1e30], kernels.dtype)
    for result, right in zip(run(kernels.ops, x, t, curve), run(python, x, t, curve), strict=True):
        assert_allclose(result, right, rtol=4 * kernels.eps)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_threads_change_no_bit(curve: tuple[float, ...], compiled: Kernels) -> None:
    x, t = normals((300_003,), compiled.dtype), normals((300_003,), compiled.dtype, rng=1)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([array.tobytes() for array in run(compiled.ops, x, t, curve)])
    assert results[0] == results[1] == results[2]
