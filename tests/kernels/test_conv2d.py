"""Convolution and its gradients: bit-equal to the plain loops on integers, the same bits for any threads and batch."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from grids import CONV2D, DEPTHWISE, POINTWISE, WINOGRAD, Conv2d, integers, normals
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


def all_four(ops: Any, case: Conv2d, given: Arrays) -> Arrays:
    """Output and the gradients of input, weight and bias."""
    x, w, b, dy = given
    g, dtype = case.geometry(), x.dtype
    return [
        *call(ops.conv2d, [x, w, b], [(dy.shape, dtype)], g),
        *call(ops.conv2d_grad_input, [dy, w], [(x.shape, dtype)], g),
        *call(ops.conv2d_grad_weight, [dy, x], [(w.shape, dtype)], g),
        *call(ops.conv2d_grad_bias, [dy], [(b.shape, dtype)], g),
    ]


@cache
def expected(name: str) -> Arrays:
    return all_four(python, CONV2D[name], arrays(CONV2D[name], integers, np.float64))


@pytest.mark.parametrize("name", CONV2D)
def test_equals_plain_loops(name: str, kernels: Kernels) -> None:
    results = all_four(kernels.ops, CONV2D[name], arrays(CONV2D[name], integers, kernels.dtype))
    for result, right in zip(results, expected(name), strict=True):
        assert_array_equal(result, right.astype(kernels.dtype), strict=True)


def test_no_bias_is_a_bias_of_zeros(kernels: Kernels) -> None:
    case = CONV2D["lenet 2"]
    x, w, b, dy = arrays(case, normals, kernels.dtype)
    output = [(dy.shape, kernels.dtype)]
    (without,) = call(kernels.ops.conv2d, [x, w, None], output, case.geometry())
    (zeros,) = call(kernels.ops.conv2d, [x, w, np.zeros_like(b)], output, case.geometry())
    assert without.tobytes() == zeros.tobytes()


@pytest.mark.parametrize("algorithm", ["", "depthwise_", "pointwise_", "winograd_"])
def test_bias_of_the_adjoint(algorithm: str, kernels: Kernels) -> None:
    """A transposed convolution: the gradient of the input and a bias for each of its channels, everywhere."""
    grid = {"": CONV2D, "depthwise_": DEPTHWISE, "pointwise_": POINTWISE, "winograd_": WINOGRAD}[algorithm]
    kernel = getattr(kernels.ops, f"{algorithm}conv2d_grad_input", kernels.ops.conv2d_grad_input)
    for name, case in grid.items():
        _, w, _, dy = arrays(case, integers, kernels.dtype)
        bias = integers(case.input[1:2], kernels.dtype, rng=name)
        output, g = [(case.input, kernels.dtype)], case.geometry()
        (without,) = call(kernel, [dy, w], output, g)
        (result,) = call(kernel, [dy, w], output, g, bias)
        right = without + bias[:, None, None]
        if algorithm == "winograd_":  # rounds on the way
            near = 100 * kernels.eps * max(float(abs(right).max(initial=0)), 1)
            np.testing.assert_allclose(result, right, rtol=0, atol=near, err_msg=name)
        else:
            assert_array_equal(result, right, strict=True, err_msg=name)


# Enough work and enough items for three threads in each of the four kernels.
LARGE = {
    "3x3": Conv2d((3, 24, 20, 21), (26, 24, 3, 3), padding=1),
    "stride 2": Conv2d((3, 24, 30, 31), (26, 24, 4, 3), stride=2, padding=2),
    "dilation 3": Conv2d((3, 24, 20, 21), (48, 24, 3, 3), padding=3, dilation=3),
    "700 taps deep": Conv2d((5, 80, 7, 7), (80, 80, 3, 3), padding=1),
    "groups": Conv2d((3, 24, 20, 21), (24, 8, 3, 3), padding=1, groups=3),
    "one tap": Conv2d((2, 200, 20, 21), (40, 200, 1, 1)),
}


@pytest.mark.parametrize("name", LARGE)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    given = arrays(LARGE[name], normals, compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in all_four(compiled.ops, LARGE[name], given)])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", LARGE)
def test_a_sample_does_not_depend_on_its_batch(name: str, compiled: Kernels) -> None:
    case = LARGE[name]
    x, w, b, dy = arrays(case, normals, compiled.dtype)
    whole = all_four(compiled.ops, case, [x, w, b, dy])[:2]
    one = case._replace(input=(1, *case.input[1:]))
    for n in range(len(x)):
        alone = all_four(compiled.ops, one, [x[n : n + 1], w, b, dy[n : n + 1]])[:2]
        for batched, single in zip(whole, alone, strict=True):
            assert batched[n : n + 1].tobytes() == single.tobytes()


SPECIAL = {
    "NaN in the image": (0, np.nan),
    "inf in the image": (0, np.inf),
    "inf in the weight": (1, np.inf),
    "NaN in the gradient": (3, np.nan),
    "-inf in the gradient": (3, -np.inf),
}


@pytest.mark.parametrize("where", SPECIAL)
@pytest.mark.parametrize(
    "name",
    [
        "3x3",
        "stride 3x2",
        "dilation and stride",
        "groups 2",
        "depthwise",
        "one tap",
        "33 outputs, stride 2",
        "35 inputs, stride 2",
        "17 outputs, dilation 3",
    ],
)
def test_special_values_go_where_their_windows_are(name: str, where: str, kernels: Kernels) -> None:
    case = CONV2D[name]
    which, value = SPECIAL[where]
    x, w, b, dy = given = arrays(case, integers, kernels.dtype)
    given[which][..., -1, given[which].shape[-1] // 2] = value
    g = case.geometry()
    calls = [("conv2d", [x, w, b], dy.shape), ("conv2d_grad_weight", [dy, x], w.shape)]
    if where != "inf in the weight":  # there the border of grad_input may be NaN: 0 * inf
        calls.append(("conv2d_grad_input", [dy, w], x.shape))
    for kernel, inputs, shape in calls:
        (result,) = call(getattr(kernels.ops, kernel), inputs, [(shape, kernels.dtype)], g)
        (right,) = call(getattr(python, kernel), inputs, [(shape, kernels.dtype)], g)
        assert_array_equal(result, right)


def test_overflow_is_inf(kernels: Kernels) -> None:
    case = CONV2D["one tap"]
    x, w, b, dy = arrays(case, integers, kernels.dtype)
    x[...], w[...] = np.finfo(kernels.dtype).max, 10
    (y,) = call(kernels.ops.conv2d, [x, w, b], [(dy.shape, kernels.dtype)], case.geometry())
    assert (y == np.inf).all()


def test_subnormal_numbers_are_kept(kernels: Kernels) -> None:
    case = Conv2d((2, 1, 5, 7), (1, 1, 1, 1))
    x = np.full(case.input, np.finfo(kernels.dtype).smallest_subnormal * 3)
    w = np.ones(case.weight, kernels.dtype)
    (y,) = call(kernels.ops.conv2d, [x, w, None], [(x.shape, kernels.dtype)], case.geometry())
    assert y.tobytes() == x.tobytes()


def test_padding_meets_infinite_weights_in_every_channel(kernels: Kernels) -> None:
    """0 * inf is NaN, also where one weight of many is infinite and the others let taps in the padding be left out."""
    case = CONV2D["70 outputs, 5x5, padding 4"]
    x, w, b, dy = arrays(case, integers, kernels.dtype)
    w[50, 1, 0, 0] = np.inf
    (result,) = call(kernels.ops.conv2d, [x, w, b], [(dy.shape, kernels.dtype)], case.geometry())
    (right,) = call(python.conv2d, [x, w, b], [(dy.shape, kernels.dtype)], case.geometry())
    assert_array_equal(result, right)
    assert np.isnan(result[:, 50, 0, 0]).all()


def test_no_result_is_minus_zero(compiled: Kernels) -> None:
    """Whichever way the sums run: a product that is too small leaves -0 behind, to which +0 or the bias is added."""
    for outputs in (1, 64):
        x = np.full((1, 1, 3, 20), -np.finfo(compiled.dtype).smallest_subnormal)
        w = np.full((outputs, 1, 1, 1), 0.25, compiled.dtype)
        g = Conv2d(x.shape, w.shape).geometry()
        (y,) = call(compiled.ops.conv2d, [x, w, None], [((1, outputs, 3, 20), compiled.dtype)], g)
        assert not y.any() and not np.signbit(y).any()
