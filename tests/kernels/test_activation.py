"""Activations and their gradients: equal to the plain loops within the rounding of one or two operations."""

from typing import Any

import numpy as np
import pytest
from grids import ELEMENTWISE, normals
from numpy.testing import assert_allclose, assert_array_equal, assert_array_max_ulp
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

FORWARD = {"relu": 0, "sigmoid": 4, "tanh": 4}  # units in the last place that a result may be off
NAMES = [name + suffix for name in FORWARD for suffix in ("", "_backward")]


def special(dtype: Any) -> NDArray[Any]:
    """Values around every branch: zeros of both signs, saturation, subnormals, infinities, NaN, and a plain range."""
    info = np.finfo(dtype)
    values = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-4, -1e-4, 1e4, -1e4, 88.0, -88.0, -104.0, 710.0, -745.0]
    extremes = [info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal, info.eps]
    return np.concatenate([np.array(values), extremes, np.linspace(-20, 20, 1001)]).astype(dtype)


def run(ops: Any, name: str, x: NDArray[Any], dy: NDArray[Any] | None) -> NDArray[Any]:
    inputs = [dy, x] if name.endswith("_backward") else [x]
    (result,) = call(getattr(ops, name), inputs, [(x.shape, x.dtype)])
    return result


def compare(name: str, result: NDArray[Any], right: NDArray[Any]) -> None:
    """Equal within a few units in the last place; zeros, infinities and NaN equal."""
    assert result.shape == right.shape
    assert result.dtype == right.dtype
    exact = ~np.isfinite(right) | (right == 0)
    assert_array_equal(result[exact], right[exact])
    assert_array_max_ulp(result[~exact], right[~exact], maxulp=FORWARD[name])


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_forward_equals_plain_loops(name: str, shape: tuple[int, ...], kernels: Kernels) -> None:
    x = normals(shape, kernels.dtype)
    compare(name, run(kernels.ops, name, x, x), run(python, name, x, x))


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_backward_equals_plain_loops(name: str, shape: tuple[int, ...], kernels: Kernels) -> None:
    backward = f"{name}_backward"
    y, dy = run(python, name, normals(shape, kernels.dtype), None), normals(shape, kernels.dtype, rng=1)
    result, right = (run(ops, backward, y, dy) for ops in (kernels.ops, python))
    allowed = 8 * kernels.eps * bool(FORWARD[name])  # 1 - y is as exact as a number near 1
    assert_allclose(result, right, rtol=allowed, atol=allowed, strict=True)


@pytest.mark.parametrize("name", FORWARD)
def test_forward_of_special_values(name: str, kernels: Kernels) -> None:
    x = special(kernels.dtype)
    result = run(kernels.ops, name, x, x)
    compare(name, result, run(python, name, x, x))
    assert_array_equal(np.isnan(result), np.isnan(x))


def test_relu_gradient_of_special_values(kernels: Kernels) -> None:
    outputs = np.array([0.0, 0.0, 0.0, 2.0, 3.0, np.inf, 1e-38], kernels.dtype)
    dy = np.array([np.inf, np.nan, 5.0, np.inf, np.nan, 4.0, -1.0], kernels.dtype)
    right = np.array([0.0, 0.0, 0.0, np.inf, np.nan, 4.0, -1.0], kernels.dtype)
    assert_array_equal(run(kernels.ops, "relu_backward", outputs, dy), right)


@pytest.mark.parametrize("name", NAMES)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    x = normals((1_300_003,), compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append(run(compiled.ops, name, x, x[::-1].copy()).tobytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", NAMES)
def test_a_large_array_has_the_bits_of_its_parts(name: str, compiled: Kernels) -> None:
    """Large results take another way to memory, and begin at any address and end with any number of elements."""
    large = 2**25 // compiled.dtype.itemsize
    x = np.resize(normals((70_001,), compiled.dtype), large + 3)
    whole = run(compiled.ops, name, x, x)
    parts = [run(compiled.ops, name, piece, piece) for piece in np.split(x, [large // 3 + 17, large // 3 * 2])]
    assert_array_equal(whole.view(np.uint8), np.concatenate(parts).view(np.uint8))
