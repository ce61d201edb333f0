"""Pooling into bins: bit-equal to the plain loops on integers, ties, NaN and infinities included."""

from math import lcm
from typing import Any

import numpy as np
import pytest
from grids import integers, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call
from .test_pool2d import mixed

WIDTHS = (*range(1, 20), 31, 32, 33, 63, 64, 65, 67)

# Input, and rows and columns of the output.
BINS = {
    "one pixel": ((1, 1, 1, 1), (1, 1)),
    "mean of all": ((3, 5, 7, 7), (1, 1)),
    "mean of many": ((2, 3, 21, 33), (1, 1)),
    "rows": ((2, 3, 7, 5), (3, 1)),
    "rows of many": ((2, 3, 12, 30), (5, 1)),
    "columns": ((2, 3, 5, 17), (1, 4)),
    "no multiple": ((2, 3, 13, 13), (6, 6)),
    "no multiple, wide": ((2, 3, 9, 70), (4, 3)),
    "multiple": ((2, 3, 8, 12), (2, 3)),
    "every pixel": ((2, 3, 4, 5), (4, 5)),
    "more than there are": ((2, 3, 3, 4), (5, 7)),
    "one row": ((2, 3, 1, 19), (1, 4)),
    "one column": ((2, 3, 19, 1), (4, 1)),
}
BINS |= {f"width {width}": ((1, 2, 5, width), (2, min(3, width))) for width in WIDTHS}
BINS |= {f"width {width}, one column": ((1, 2, 3, width), (2, 1)) for width in WIDTHS}


def every(ops: Any, x: NDArray[Any], dy: NDArray[Any]) -> list[NDArray[Any]]:
    """Mean, its gradient, maximum with and without places."""
    real = (dy.shape, x.dtype)
    return [
        *call(ops.adaptive_avg_pool2d, [x], [real]),
        *call(ops.adaptive_avg_pool2d_backward, [dy], [(x.shape, x.dtype)]),
        *call(ops.adaptive_max_pool2d, [x], [real, (dy.shape, np.int64)]),
        *call(ops.adaptive_max_pool2d, [x], [real, None]),
    ]


def shares_are_exact(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """A multiple of the number of pixels of every bin."""
    heights, widths = (
        {-(-(i + 1) * length // count) - i * length // count for i in range(count)}
        for length, count in zip(shape[2:], size, strict=True)
    )
    return lcm(*(height * width for height in heights for width in widths))


@pytest.mark.parametrize("make", [integers, mixed])
@pytest.mark.parametrize("name", BINS)
def test_equals_plain_loops(name: str, make: Any, kernels: Kernels) -> None:
    shape, size = BINS[name]
    x = make(shape, kernels.dtype, rng=name)
    dy = integers((*shape[:2], *size), kernels.dtype, rng="g") * shares_are_exact(shape, size)
    results = every(kernels.ops, x, dy)
    rights = every(python, x.astype(np.float64), dy.astype(np.float64))
    for result, right in zip(results, rights, strict=True):
        assert_array_equal(result, right.astype(result.dtype), strict=True)
    for maximum in (results[2], results[4]):
        right = rights[2]
        assert_array_equal(np.signbit(maximum[maximum == 0]), np.signbit(right[right == 0]))


def test_large_sizes_do_not_overflow(kernels: Kernels) -> None:
    """Rows times bins are beyond 32 bits."""
    height, count = 70_001, 50_000
    x = np.zeros((1, 1, height, 1), kernels.dtype)
    x[0, 0, [35_000, height - 1]] = 1
    (y,) = call(kernels.ops.adaptive_max_pool2d, [x], [((1, 1, count, 1), kernels.dtype), None])
    hit = [p for p in range(count) if p * height // count <= 35_000 < -(-(p + 1) * height // count)]
    assert np.flatnonzero(y).tolist() == [*hit, count - 1]


@pytest.mark.parametrize("name", ["mean of many", "no multiple, wide"])
def test_threads_and_batch_change_no_bit(name: str, compiled: Kernels) -> None:
    shape, size = BINS[name]
    shape = (40, 9, *shape[2:])
    x, dy = normals(shape, compiled.dtype), normals((*shape[:2], *size), compiled.dtype, rng="g")
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in every(compiled.ops, x, dy)])
    assert results[0] == results[1] == results[2]
    whole, alone = every(compiled.ops, x, dy), every(compiled.ops, x[7:8], dy[7:8])
    assert all(a[7:8].tobytes() == b.tobytes() for a, b in zip(whole, alone, strict=True))
