"""Softmax, its logarithm and their gradients: equal to the plain loops; rows of every length in every layout."""

import math
from typing import Any

import numpy as np
import pytest
from grids import LOGITS, normals
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

# Around the number of lanes that go through a pass together, and several times it.
LENGTHS = {f"{n} {c} {i}": (n, c, i) for n, c, i in [(3, 31, 1), (3, 32, 1), (3, 33, 1), (2, 97, 1), (1, 3, 31)]} | {
    f"{n} {c} {i}": (n, c, i) for n, c, i in [(2, 3, 32), (2, 4, 33), (1, 70, 65), (2, 1, 5), (4, 1, 1), (2, 0, 3)]
}
SHAPES = LOGITS | LENGTHS


def forward(ops: Any, x: NDArray[Any], log: bool) -> NDArray[Any]:
    (result,) = call(ops.softmax, [x], [(x.shape, x.dtype)], log)
    return result


def backward(ops: Any, grad: NDArray[Any], y: NDArray[Any], log: bool) -> NDArray[Any]:
    (result,) = call(ops.softmax_backward, [grad, y], [(y.shape, y.dtype)], log)
    return result


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_equal_to_plain_loops(shape: tuple[int, int, int], log: bool, kernels: Kernels) -> None:
    x, grad = normals(shape, kernels.dtype) * kernels.dtype.type(3), normals(shape, kernels.dtype, rng=1)
    right = forward(python, x, log)
    # Without more digits than the arrays have, the error of the difference to the largest element is one of the
    # exponent: in the plain loops and, for float32, in the NumPy twin. The compiled difference is exact.
    allowed = (32 if kernels.isa == "numpy" or kernels.dtype == np.float64 else 4) * kernels.eps
    assert_allclose(forward(kernels.ops, x, log), right, rtol=allowed, atol=kernels.eps if log else 0, strict=True)
    result, gradient = (backward(ops, grad, right, log) for ops in (kernels.ops, python))
    total = 16 * kernels.eps * max(math.sqrt(shape[1]), 1)  # of the sum of the gradients
    assert_allclose(result, gradient, rtol=8 * kernels.eps, atol=total, strict=True)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("classes", [2, 32, 41])
def test_special_values(classes: int, log: bool, kernels: Kernels) -> None:
    """Each kind of row as a row of its own, and side by side with the others."""
    info = np.finfo(kernels.dtype)
    rows = np.zeros((9, classes), kernels.dtype)
    rows[0, -1] = 1e4
    rows[1, 0] = -math.inf
    rows[2, 0] = math.inf
    rows[3, -1] = math.nan
    rows[4] = -math.inf
    rows[5] = info.max
    rows[6, 1:] = info.min
    rows[7, 1:] = [info.tiny, -info.tiny, *np.linspace(-800, 0, classes - 1)][1:classes]
    rows[8] = np.linspace(-120, 0, classes)
    right = forward(python, rows[:, :, None], log)[:, :, 0]
    for result in (
        forward(kernels.ops, rows[:, :, None], log)[:, :, 0],
        forward(kernels.ops, rows.T.copy()[None], log)[0].T,
    ):
        assert_array_equal(np.isnan(result), np.isnan(right))
        assert_allclose(result, right, rtol=64 * kernels.eps, atol=2 * float(info.smallest_subnormal))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", [(700, 50, 1), (40, 21, 300), (3, 9000, 1)], ids=str)
def test_threads_change_no_bit(shape: tuple[int, int, int], log: bool, compiled: Kernels) -> None:
    x, grad = normals(shape, compiled.dtype), normals(shape, compiled.dtype, rng=1)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        y = forward(compiled.ops, x, log)
        results.append((y.tobytes(), backward(compiled.ops, grad, y, log).tobytes()))
    assert results[0] == results[1] == results[2]
