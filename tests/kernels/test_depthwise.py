"""Depthwise convolution and its gradients: as the plain loops on integers, the same bits for any threads and batch."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from grids import DEPTHWISE, Conv2d, integers, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]


def arrays(case: Conv2d, make: Any, dtype: Any) -> Arrays:
    """Input, weight, bias and output gradient."""
    shapes = {"input": case.input, "weight": case.weight, "bias": case.weight[:1], "grad_output": case.output()}
    return [make(shape, dtype, rng=(word, case)) for word, shape in shapes.items()]


def all_three(ops: Any, prefix: str, case: Conv2d, given: Arrays) -> Arrays:
    """Output and the gradients of input and weight."""
    x, w, b, dy = given
    g, dtype = case.geometry(), x.dtype
    return [
        *call(getattr(ops, f"{prefix}conv2d"), [x, w, b], [(dy.shape, dtype)], g),
        *call(getattr(ops, f"{prefix}conv2d_grad_input"), [dy, w], [(x.shape, dtype)], g),
        *call(getattr(ops, f"{prefix}conv2d_grad_weight"), [dy, x], [(w.shape, dtype)], g),
    ]


@cache
def expected(name: str) -> Arrays:
    return all_three(python, "", DEPTHWISE[name], arrays(DEPTHWISE[name], integers, np.float64))


@pytest.mark.parametrize("name", DEPTHWISE)
def test_equals_plain_loops(name: str, compiled: Kernels) -> None:
    case = DEPTHWISE[name]
    results = all_three(compiled.ops, "depthwise_", case, arrays(case, integers, compiled.dtype))
    for result, right in zip(results, expected(name), strict=True):
        assert_array_equal(result, right.astype(compiled.dtype), strict=True)


def test_no_bias_is_a_bias_of_zeros(compiled: Kernels) -> None:
    case = DEPTHWISE["depthwise x 3"]
    x, w, b, dy = arrays(case, normals, compiled.dtype)
    output = [(dy.shape, compiled.dtype)]
    (without,) = call(compiled.ops.depthwise_conv2d, [x, w, None], output, case.geometry())
    (zeros,) = call(compiled.ops.depthwise_conv2d, [x, w, np.zeros_like(b)], output, case.geometry())
    assert without.tobytes() == zeros.tobytes()


# Enough work and enough items for three threads in each of the three kernels.
LARGE = {
    "3x3": Conv2d((3, 24, 40, 41), (24, 1, 3, 3), padding=1, groups=24),
    "5x5, stride 2": Conv2d((3, 24, 60, 61), (24, 1, 5, 5), stride=2, padding=2, groups=24),
    "multiplier": Conv2d((3, 12, 40, 41), (24, 1, 3, 3), padding=1, groups=12),
    "few channels": Conv2d((3, 2, 161, 150), (2, 1, 3, 3), padding=1, groups=2),
    "small maps": Conv2d((3, 600, 7, 7), (600, 1, 3, 3), padding=1, groups=600),
}


@pytest.mark.parametrize("name", LARGE)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    given = arrays(LARGE[name], normals, compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in all_three(compiled.ops, "depthwise_", LARGE[name], given)])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", LARGE)
def test_a_sample_does_not_depend_on_its_batch(name: str, compiled: Kernels) -> None:
    case = LARGE[name]
    x, w, b, dy = arrays(case, normals, compiled.dtype)
    whole = all_three(compiled.ops, "depthwise_", case, [x, w, b, dy])[:2]
    one = case._replace(input=(1, *case.input[1:]))
    for n in range(len(x)):
        alone = all_three(compiled.ops, "depthwise_", one, [x[n : n + 1], w, b, dy[n : n + 1]])[:2]
        for batched, single in zip(whole, alone, strict=True):
            assert batched[n : n + 1].tobytes() == single.tobytes()


@pytest.mark.parametrize("name", LARGE)
def test_rounding_is_that_of_a_sum(name: str, compiled: Kernels) -> None:
    """Against the same sums in double, each error is far below that of adding the absolute values one by one."""
    case = LARGE[name]
    given = arrays(case, normals, np.float64)
    results = all_three(compiled.ops, "depthwise_", case, [a.astype(compiled.dtype) for a in given])
    given = [a.astype(compiled.dtype).astype(np.float64) for a in given]
    right = all_three(fc.reference.numpy, "", case, given)
    sizes = all_three(fc.reference.numpy, "", case, [abs(a) for a in given])
    for result, exact, size in zip(results, right, sizes, strict=True):
        assert (abs(result - exact) <= 32 * compiled.eps * size).all()


SPECIAL = {
    "NaN in the image": (0, np.nan),
    "inf in the image": (0, np.inf),
    "inf in the weight": (1, np.inf),
    "NaN in the gradient": (3, np.nan),
    "-inf in the gradient": (3, -np.inf),
}


@pytest.mark.parametrize("row", [0, -1])
@pytest.mark.parametrize("where", SPECIAL)
@pytest.mark.parametrize(
    "name",
    [
        "depthwise",
        "depthwise x 3",
        "depthwise, dilation",
        "width 17, stride 1",
        "width 35, stride 2",
        "width 23, stride 3",
        "rest after last window, groups",
        "7x1, stride (1, 2), dilation 1",
        "5x5, stride 1, dilation 1",
        "multiplier 2, stride 2",
        "maps of 1x1",
        "side by side, rest",
        "19 channels, 5x5, stride 1, dilation 1",
        "19 channels, 3x3, stride 2, dilation 1",
        "17 channels, multiplier 2, stride 1",
    ],
)
def test_special_values_go_where_their_windows_are(name: str, where: str, row: int, compiled: Kernels) -> None:
    case = DEPTHWISE[name]
    which, value = SPECIAL[where]
    x, w, b, dy = given = arrays(case, integers, compiled.dtype)
    for column in (0, given[which].shape[-1] // 2, -1):
        before = given[which][..., row, column].copy()
        given[which][..., row, column] = value
        g = case.geometry()
        calls = [("conv2d", [x, w, b], dy.shape), ("conv2d_grad_weight", [dy, x], w.shape)]
        if where != "inf in the weight":  # there the border of grad_input may be NaN: 0 * inf
            calls.append(("conv2d_grad_input", [dy, w], x.shape))
        for kernel, inputs, shape in calls:
            (result,) = call(getattr(compiled.ops, f"depthwise_{kernel}"), inputs, [(shape, compiled.dtype)], g)
            (right,) = call(getattr(python, kernel), inputs, [(shape, compiled.dtype)], g)
            assert_array_equal(result, right)
        given[which][..., row, column] = before


def test_subnormal_numbers_are_kept(compiled: Kernels) -> None:
    case = Conv2d((2, 3, 5, 7), (3, 1, 1, 1), groups=3)
    x = np.full(case.input, np.finfo(compiled.dtype).smallest_subnormal * 3)
    w = np.ones(case.weight, compiled.dtype)
    (y,) = call(compiled.ops.depthwise_conv2d, [x, w, None], [(x.shape, compiled.dtype)], case.geometry())
    assert y.tobytes() == x.tobytes()
