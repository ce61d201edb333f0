"""Pooling and its gradients: bit-equal to the plain loops on integers, ties, NaN and infinities included."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from grids import DILATED_POOL2D, MAX_POOL2D, POOL2D, Pool2d, distinct, divisible, integers, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]
DIVISORS = {"padding counts": (True, 0), "padding does not count": (False, 0), "override": (True, 5)}


def maximum(ops: Any, case: Pool2d, x: NDArray[Any], dy: NDArray[Any]) -> Arrays:
    """Output with and without indices, indices, and gradient of the input."""
    g, real = case.geometry(), (case.output(), x.dtype)
    y, indices = call(ops.max_pool2d, [x], [real, (case.output(), np.int64)], g)
    (alone,) = call(ops.max_pool2d, [x], [real, None], g)
    (dx,) = call(ops.max_pool2d_backward, [dy, indices], [(case.input, x.dtype)])
    return [y, indices, alone, dx]


def average(ops: Any, case: Pool2d, x: NDArray[Any], dy: NDArray[Any], divisor: tuple[bool, int]) -> Arrays:
    """Output and gradient of the input."""
    return [
        *call(ops.avg_pool2d, [x], [(case.output(), x.dtype)], case.geometry(), *divisor),
        *call(ops.avg_pool2d_backward, [dy], [(case.input, x.dtype)], case.geometry(), *divisor),
    ]


def mixed(shape: tuple[int, ...], dtype: Any, *, rng: object) -> NDArray[Any]:
    """Few values, hence ties; one in eight is NaN, one in eight -inf, one in eight -0.0."""
    x = integers(shape, dtype, rng=rng, low=-1, high=1)
    chance = integers(shape, dtype, rng=(rng, "chance"), low=0, high=7)
    for i, value in enumerate((np.nan, -np.inf, -0.0)):
        x[chance == i] = value
    return x


def arrays(case: Pool2d, make: Any, dtype: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    return make(case.input, dtype, rng=("input", case)), integers(case.output(), dtype, rng=("grad", case))


@cache
def expected_maximum(name: str, make: Any) -> Arrays:
    return maximum(python, MAX_POOL2D[name], *arrays(MAX_POOL2D[name], make, np.float64))


@pytest.mark.parametrize("make", [integers, distinct, mixed])
@pytest.mark.parametrize("name", MAX_POOL2D)
def test_maximum_equals_plain_loops(name: str, make: Any, kernels: Kernels) -> None:
    case = MAX_POOL2D[name]
    results = maximum(kernels.ops, case, *arrays(case, make, kernels.dtype))
    y, indices, alone, dx = expected_maximum(name, make)
    right = [y.astype(kernels.dtype), indices, alone.astype(kernels.dtype), dx.astype(kernels.dtype)]
    for result, correct in zip(results, right, strict=True):
        assert_array_equal(result, correct, strict=True)
    for result in (results[0], results[2]):
        assert_array_equal(np.signbit(result[result == 0]), np.signbit(right[0][result == 0]))


def test_indices_name_the_maximum(kernels: Kernels) -> None:
    case = MAX_POOL2D["3x3 s2 p1, ceil"]
    x = distinct(case.input, kernels.dtype)
    y, indices, _, _ = maximum(kernels.ops, case, x, np.zeros(case.output(), kernels.dtype))
    planes = x.reshape(*x.shape[:2], -1)
    assert_array_equal(np.take_along_axis(planes, indices.reshape(*x.shape[:2], -1), -1).reshape(y.shape), y)


def test_window_in_padding_has_no_maximum(kernels: Kernels) -> None:
    case = DILATED_POOL2D["window in padding"]
    x, dy = np.ones(case.input, kernels.dtype), np.ones(case.output(), kernels.dtype)
    y, indices, _, dx = maximum(kernels.ops, case, x, dy)
    assert (y == -np.inf).all()
    assert (indices == -1).all()
    assert (dx == 0).all()


@cache
def expected_average(name: str, divisor: tuple[bool, int]) -> Arrays:
    x, dy = arrays(POOL2D[name], integers, np.float64)
    return average(python, POOL2D[name], x, divisible(dy, POOL2D[name].kernel_size) * 5, divisor)


@pytest.mark.parametrize("divisor", DIVISORS.values(), ids=DIVISORS)
@pytest.mark.parametrize("name", POOL2D)
def test_average_equals_plain_loops(name: str, divisor: tuple[bool, int], kernels: Kernels) -> None:
    case = POOL2D[name]
    x, dy = arrays(case, integers, kernels.dtype)
    results = average(kernels.ops, case, x, divisible(dy, case.kernel_size) * 5, divisor)
    for result, right in zip(results, expected_average(name, divisor), strict=True):
        assert_array_equal(result, right.astype(kernels.dtype), strict=True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_average_shows_a_special_value_in_its_windows_only(value: float, kernels: Kernels) -> None:
    case = POOL2D["3x3 s2 p1, ceil"]
    x, dy = arrays(case, integers, kernels.dtype)
    x[1, 2, 4, 5] = dy[0, 1, 2, 2] = value
    results = average(kernels.ops, case, x, dy * 180, (True, 0))
    for result, right in zip(results, average(python, case, x, dy * 180, (True, 0)), strict=True):
        assert_array_equal(result, right)


@pytest.mark.parametrize("bad", [-2, 12, 2**32, 2**63 - 1, -(2**63)])
def test_an_index_outside_is_reported(bad: int, kernels: Kernels) -> None:
    dy, indices = np.ones((3, 2, 3, 2), kernels.dtype), np.zeros((3, 2, 3, 2), np.int64)
    indices[0, 1] = -1
    assert kernels.ops.max_pool2d_backward(dy, indices, np.empty((3, 2, 3, 4), kernels.dtype)) is True
    indices[2, 0, 1, 1] = bad
    call(kernels.ops.max_pool2d_backward, [dy, indices], [((3, 2, 3, 4), kernels.dtype)])
    assert kernels.ops.max_pool2d_backward(dy, indices, np.empty((3, 2, 3, 4), kernels.dtype)) is False


@pytest.mark.parametrize("case", [Pool2d((3, 2, 7, 40), 3, 2, 1), Pool2d((3, 2, 6, 40), 2), Pool2d((3, 2, 5, 9), 3, 1)])
def test_every_image_alone_gives_the_same_bits(case: Pool2d, compiled: Kernels) -> None:
    """Where a vector would leave the array, which is the end of another image here, windows are taken one by one."""
    x, dy = normals(case.input, compiled.dtype), normals(case.output(), compiled.dtype, rng=1)
    one = case._replace(input=(1, *case.input[1:]))
    for function in (maximum, lambda *given: average(*given, (False, 0))):
        together = function(compiled.ops, case, x, dy)
        for n in range(len(x)):
            for result, alone in zip(together, function(compiled.ops, one, x[n : n + 1], dy[n : n + 1]), strict=True):
                assert result[n : n + 1].tobytes() == alone.tobytes()


LARGE = {
    "2x2": Pool2d((4, 33, 60, 61), 2),
    "3x3 s2 p1": Pool2d((4, 33, 60, 61), 3, 2, 1),
    "3x3 s1": Pool2d((4, 9, 60, 61), 3, 1),
}


@pytest.mark.parametrize("case", [Pool2d((3, 67, 128, 136), 3, 2, 1), Pool2d((3, 67, 128, 136), 2)])
def test_a_large_gradient_of_maxima_has_the_bits_of_its_parts(case: Pool2d, compiled: Kernels) -> None:
    """Lines of memory are asked for before their time, also beyond the last one."""
    x = np.resize(normals((70_001,), compiled.dtype), case.input)
    dy = np.resize(normals((30_011,), compiled.dtype), case.output())
    indices = maximum(compiled.ops, case, x, dy)[1]
    whole, *pieces = [
        call(compiled.ops.max_pool2d_backward, [dy[part], indices[part]], [(x[part].shape, x.dtype)])[0]
        for part in (slice(None), slice(0, 1), slice(1, 2), slice(2, 3))
    ]
    assert whole.tobytes() == np.concatenate(pieces).tobytes()


@pytest.mark.parametrize("name", LARGE)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    case = LARGE[name]
    x, dy = normals(case.input, compiled.dtype), normals(case.output(), compiled.dtype, rng=1)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        outputs = [*maximum(compiled.ops, case, x, dy), *average(compiled.ops, case, x, dy, (False, 0))]
        results.append([a.tobytes() for a in outputs])
    assert results[0] == results[1] == results[2]
