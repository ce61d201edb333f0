"""Activations: options that are refused, and answers that are known."""

import math
from typing import Any

import numpy as np
import pytest

from fastconv import functional as F

X = np.linspace(-2, 2, 5)
NUMBERS = [
    ("leaky_relu", "negative_slope"),
    ("elu", "alpha"),
    ("softplus", "beta"),
    ("softplus", "threshold"),
    ("hardtanh", "min_val"),
    ("hardtanh", "max_val"),
]


@pytest.mark.parametrize("suffix", ["", "_backward"])
@pytest.mark.parametrize(("name", "option"), NUMBERS)
def test_options_are_numbers(name: str, option: str, suffix: str) -> None:
    arrays = (X, X) if suffix else (X,)
    for wrong in ("1", None, True, [1.0], np.ones(1), 1j):
        with pytest.raises(TypeError, match=rf"^{name}{suffix}: {option} must be a real number"):
            getattr(F, name + suffix)(*arrays, **{option: wrong})
    for large in (10**400, 1e300):
        with pytest.raises(ValueError, match=rf"^{name}{suffix}: {option} must be within the range of float32"):
            getattr(F, name + suffix)(*(x.astype(np.float32) for x in arrays), **{option: large})
    assert np.array_equal(
        getattr(F, name + suffix)(*arrays, **{option: np.float32(0.5)}),
        getattr(F, name + suffix)(*arrays, **{option: 0.5}),
    )


@pytest.mark.parametrize("suffix", ["", "_backward"])
def test_options_out_of_range(suffix: str) -> None:
    arrays = (X, X) if suffix else (X,)
    for beta in (0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=rf"^softplus{suffix}: beta must be > 0 and finite"):
            getattr(F, f"softplus{suffix}")(*arrays, beta=beta)
    for low, high in ((1, 0), (math.nan, 0), (0, math.nan)):
        with pytest.raises(ValueError, match=rf"^hardtanh{suffix}: min_val must be <= max_val"):
            getattr(F, f"hardtanh{suffix}")(*arrays, low, high)
    with pytest.raises(ValueError, match=rf"^gelu{suffix}: approximate must be one of none, tanh"):
        getattr(F, f"gelu{suffix}")(*arrays, approximate="erf")
    for wrong in (None, True, b"tanh"):
        with pytest.raises(TypeError, match=rf"^gelu{suffix}: approximate must be a str"):
            getattr(F, f"gelu{suffix}")(*arrays, approximate=wrong)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmax_backward", "log_softmax_backward"])
def test_axes(name: str) -> None:
    """L08."""
    x = np.ones((2, 3, 4))
    arrays = (x, x) if "backward" in name else (x,)
    for wrong in (3, -4, 2**70, -(2**70)):
        with pytest.raises(ValueError, match=rf"^{name}: dim must be"):
            getattr(F, name)(*arrays, dim=wrong)
    for wrong_kind in (1.0, None, "1", True, (1,)):
        with pytest.raises(TypeError, match=rf"^{name}: dim must be an int"):
            getattr(F, name)(*arrays, dim=wrong_kind)
    assert np.array_equal(getattr(F, name)(*arrays, dim=np.int8(-2)), getattr(F, name)(*arrays, dim=1))
    zero = tuple(np.array(1.0) for _ in arrays)
    with pytest.raises(ValueError, match=rf"^{name}: dim must be"):
        getattr(F, name)(*zero, dim=1)
    assert getattr(F, name)(*(np.ones((2, 0, 3)) for _ in arrays), dim=1).shape == (2, 0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outer", [1, 3])
def test_softmax_sums_to_one(dtype: Any, outer: int, backend: str) -> None:
    x = np.random.default_rng(0).normal(size=(outer, 1000)).astype(dtype)
    assert np.allclose(F.softmax(x).sum(axis=1, dtype=np.float64), 1, rtol=0, atol=4 * np.finfo(dtype).eps)
    assert F.softmax(x[:, :1]).tolist() == [[1.0]] * outer
    assert not F.log_softmax(x[:, :1]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tails_keep_their_digits(dtype: Any) -> None:
    """Far below 0, where 1 + erf, 1 + tanh and 1 - sigmoid are rounded to 0."""
    x = [-5.0, -8.0, -12.0]
    # The argument of erfc is rounded: in its result that is an error of x^2 eps.
    close = 4 * float(np.finfo(dtype).eps) + 150 * float(np.finfo(np.float64).eps)
    for function, right in [
        (F.gelu, [v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x]),
        (F.silu, [v * math.exp(v) / (1 + math.exp(v)) for v in x]),
        (F.softplus, [math.log1p(math.exp(v)) for v in x]),
    ]:
        assert np.allclose(function(np.array(x, dtype)), right, rtol=close, atol=0)
    v = 2 * math.sqrt(2 / math.pi) * (5 + 0.044715 * 5**3)
    close = (4 + v) * float(np.finfo(dtype).eps)
    assert np.allclose(F.gelu(np.array(-5, dtype), "tanh"), -5 / (1 + math.exp(v)), rtol=close, atol=0)


def test_flat_parts_have_no_gradient(backend: str) -> None:
    """Not even an infinite one."""
    x, grad = np.array([-7.0, 7.0]), np.array([math.inf, math.nan])
    for name in ("relu6", "hardtanh", "hardsigmoid"):
        assert not getattr(F, f"{name}_backward")(grad, x).any()
    assert F.hardswish_backward(grad, x)[0] == 0
