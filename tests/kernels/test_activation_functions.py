"""Activations of the saved input: equal to the plain loops, over all numbers, within a few units in the last place."""

import math
from typing import Any

import numpy as np
import pytest
from grids import ELEMENTWISE, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

PARAMETERS: dict[str, tuple[float, float]] = {
    "leaky_relu": (0.25, 0.0),
    "elu": (1.5, 0.0),
    "gelu": (0.0, 0.0),
    "gelu_tanh": (0.0, 0.0),
    "silu": (0.0, 0.0),
    "softplus": (2.0, 20.0),
    "hardtanh": (-1.5, 2.0),
    "hardsigmoid": (0.0, 0.0),
    "hardswish": (0.0, 0.0),
}


def run(ops: Any, name: str, x: NDArray[Any], grad: NDArray[Any] | None = None) -> NDArray[Any]:
    """The activation, or its gradient."""
    kernel, inputs = (ops.activation, [x]) if grad is None else (ops.activation_backward, [grad, x])
    (result,) = call(kernel, inputs, [(x.shape, x.dtype)], name, *PARAMETERS[name])
    return result


def compare(name: str, kernels: Kernels, x: NDArray[Any], result: NDArray[Any], right: NDArray[Any]) -> None:
    """Within 6 eps, and what a rounded argument of an exponential costs: of gelu_tanh everywhere, of the others where
    the plain loops or the twin work with no more digits than the kernel."""
    assert_array_equal(np.isnan(result), np.isnan(right))
    assert_array_equal(np.isinf(result), np.isinf(right))
    finite = np.isfinite(right)
    wide = x[finite].astype(np.float64)
    size = np.minimum(np.abs(wide), 800)
    allowed, least = np.full(size.shape, 6.0), np.full(size.shape, 2.0)
    if name == "gelu_tanh":
        allowed += 4 * math.sqrt(2 / math.pi) * (size + 0.044715 * size**3)
    if kernels.isa == "numpy" or kernels.dtype == np.float64:
        if name == "gelu":
            allowed += size**2
        least += size  # a subnormal exponential is multiplied by x
    if kernels.isa == "numpy":
        allowed += size
    error = np.abs(result[finite].astype(np.float64) - right[finite])
    bound = allowed * kernels.eps * np.abs(right[finite].astype(np.float64))
    bound += least * float(np.finfo(kernels.dtype).smallest_subnormal)
    assert (error <= bound).all(), (wide[error > bound][:5], result[finite][error > bound][:5])


def special(dtype: Any) -> NDArray[Any]:
    """Values around every branch, down to where results become subnormal and 0, and beyond."""
    info = np.finfo(dtype)
    ends = [info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal, -info.smallest_subnormal, info.eps]
    values = [0.0, -0.0, math.inf, -math.inf, math.nan, 3.0, -3.0, -1.5, 2.0, 10.0, 1e30, -1e30]
    powers = 10.0 ** np.arange(-30, 5)
    return np.concatenate(
        [values, ends, powers, -powers, np.linspace(-20, 20, 1001), np.linspace(-800, 0, 1601)]
    ).astype(dtype)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_forward_equals_plain_loops(name: str, shape: tuple[int, ...], kernels: Kernels) -> None:
    x = 2 * normals(shape, kernels.dtype)
    compare(name, kernels, np.asarray(x), run(kernels.ops, name, x), run(python, name, x))


@pytest.mark.parametrize("name", PARAMETERS)
def test_forward_of_special_values(name: str, kernels: Kernels) -> None:
    x = special(kernels.dtype)
    compare(name, kernels, x, run(kernels.ops, name, x), run(python, name, x))


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_backward_equals_plain_loops(name: str, shape: tuple[int, ...], kernels: Kernels) -> None:
    x, grad = 2 * normals(shape, kernels.dtype), normals(shape, kernels.dtype, rng=1)
    result, right = (run(ops, name, x, grad) for ops in (kernels.ops, python))
    error = np.abs(result.astype(np.float64) - right)
    # A derivative crosses 0 as a sum of numbers near 1.
    assert (error <= 16 * kernels.eps * np.abs(grad)).all()


@pytest.mark.parametrize("name", PARAMETERS)
def test_backward_of_special_values(name: str, kernels: Kernels) -> None:
    x = special(kernels.dtype)
    result, right = (run(ops, name, x, np.ones_like(x)) for ops in (kernels.ops, python))
    assert_array_equal(np.isnan(result), np.isnan(right))
    known = ~np.isnan(right)
    error = np.abs(result[known].astype(np.float64) - right[known])
    assert (error <= 16 * kernels.eps).all(), x[known][error > 16 * kernels.eps]


@pytest.mark.parametrize("name", ["elu", "gelu", "silu", "softplus"])
def test_gradients_far_below_zero_keep_their_digits(name: str, compiled: Kernels) -> None:
    lowest = {"float32": 80, "float64": 700}[compiled.dtype.name] // (2 if name == "softplus" else 1)
    if name == "gelu":
        lowest = math.isqrt(2 * lowest)
    x = np.linspace(-lowest, -3, 500).astype(compiled.dtype)
    result = run(compiled.ops, name, x, np.ones_like(x))
    right = run(python, name, x.astype(np.float64), np.ones(x.shape))
    exact = 8 * compiled.eps + np.finfo(np.float64).eps * (2 * x.astype(np.float64) ** 2 if name == "gelu" else 8)
    assert (np.abs(result - right) <= exact * np.abs(right)).all()


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", PARAMETERS)
def test_threads_change_no_bit(name: str, backward: bool, compiled: Kernels) -> None:
    x = normals((300_003,), compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append(run(compiled.ops, name, x, x[::-1].copy() if backward else None).tobytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_large_array_has_the_bits_of_its_parts(name: str, backward: bool, compiled: Kernels) -> None:
    """Large results take another way to memory, and begin at any address and end with any number of elements."""
    large = 2**24 // compiled.dtype.itemsize
    x = np.resize(normals((70_001,), compiled.dtype), large + 3)
    part = large // 2 + 17
    whole = run(compiled.ops, name, x, x if backward else None)
    parts = [run(compiled.ops, name, piece, piece if backward else None) for piece in (x[:part], x[part:])]
    assert_array_equal(whole.view(np.uint8), np.concatenate(parts).view(np.uint8))


def test_unknown_names_are_refused(compiled: Kernels) -> None:
    x = np.zeros(3, compiled.dtype)
    with pytest.raises(ValueError):
        compiled.ops.activation(x, x.copy(), "swish", 0.0, 0.0)
