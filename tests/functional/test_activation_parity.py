"""Activations against torch: values and gradients over shapes, options, layouts of the axis, and special numbers."""

import math
from typing import Any

import numpy as np
import pytest
from grids import normals
from numpy.testing import assert_allclose

from fastconv import functional as F

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("relu", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    *(("leaky_relu", {"negative_slope": slope}) for slope in (0.01, 0.0, -0.5, 1.0, 3.0)),
    *(("elu", {"alpha": alpha}) for alpha in (1.0, 0.1, 2.5, -1.0, 0.0)),
    ("gelu", {"approximate": "none"}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    *(
        ("softplus", {"beta": beta, "threshold": threshold})
        for beta in (1.0, 0.3, 7.0)
        for threshold in (20.0, 2.0, -1.0)
    ),
    *(("hardtanh", {"min_val": low, "max_val": high}) for low, high in ((-1.0, 1.0), (0.25, 2.0), (-3.0, -0.5))),
    ("relu6", {}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
]
SAVED_OUTPUT = ("relu", "sigmoid", "tanh")


def hardsigmoid(x: Any) -> Any:
    """Torch's own has a gradient of a sixth in float32, also in float64."""
    return T.relu6(x + 3) / 6


def in_torch(name: str, x: np.ndarray, grad: np.ndarray, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    leaf = torch.tensor(x, requires_grad=True)
    y = hardsigmoid(leaf) if name == "hardsigmoid" else getattr(T if hasattr(T, name) else torch, name)(leaf, **options)
    y.backward(torch.tensor(grad))
    return y.detach().numpy(), leaf.grad.numpy()


def ours(name: str, x: np.ndarray, grad: np.ndarray, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    y = getattr(F, name)(x, **options)
    saved = y if name in SAVED_OUTPUT else x
    return y, getattr(F, f"{name}_backward")(grad, saved, **options)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (7,), (2, 3, 5, 7), (4099,)], ids=str)
@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)
def test_values_and_gradients(name: str, options: dict[str, Any], shape: tuple[int, ...], backend: str) -> None:
    x, grad = 4 * normals(shape, np.float64, rng="x"), normals(shape, np.float64, rng="g")
    for result, right in zip(ours(name, x, grad, **options), in_torch(name, x, grad, **options), strict=True):
        # Torch subtracts from 1 what is near 1: its own error is of that size, times the slope of the tanh of gelu.
        assert_allclose(result, right, rtol=1e-12, atol=1e-14 if "tanh" in options.values() else 2e-15, strict=True)


@pytest.mark.parametrize(("name", "options"), VARIANTS[len(SAVED_OUTPUT) :], ids=str)
def test_float32_is_float64_rounded(name: str, options: dict[str, Any], backend: str) -> None:
    x, grad = 4 * normals((1000,), np.float32, rng="x"), normals((1000,), np.float32, rng="g")
    options = {k: float(np.float32(v)) if isinstance(v, float) else v for k, v in options.items()}
    wide = in_torch(name, x.astype(np.float64), grad.astype(np.float64), **options)
    eps = float(np.finfo(np.float32).eps)
    for result, right in zip(ours(name, x, grad, **options), wide, strict=True):
        assert result.dtype == np.float32
        assert_allclose(result, right, rtol=8 * eps, atol=4 * eps)


SPECIAL = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1e30, -1e30, 800.0, -800.0, 40.0, -40.0, 3.0, -3.0, 6.0])
SMOOTH = ("sigmoid", "tanh", "elu", "gelu", "silu", "softplus", "hardswish")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)
def test_special_values(name: str, options: dict[str, Any], dtype: Any, backend: str) -> None:
    """Infinities and NaN give what they give in torch; the gradient at NaN, which there depends on where it stands, is
    NaN for smooth functions."""
    x = np.tile(SPECIAL, 3).astype(dtype)
    (y, slope), (right, right_slope) = ours(name, x, np.ones_like(x), **options), in_torch(
        name, x.astype(np.float64), np.ones(x.shape), **options
    )
    eps = float(np.finfo(dtype).eps)
    assert_allclose(y, right.astype(dtype), rtol=8 * eps, atol=4 * eps)
    known = ~np.isnan(x)
    assert_allclose(slope[known], right_slope[known].astype(dtype), rtol=8 * eps, atol=4 * eps)
    if name in SMOOTH:
        assert np.isnan(slope[~known]).all()


SHAPES = [(5,), (1,), (3, 7), (2, 3, 35), (3, 10, 4, 5), (67, 3), (2, 100), (2, 5, 1, 1), (1, 40, 33), (0, 3), (3, 0)]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_softmax(shape: tuple[int, ...], log: bool, backend: str) -> None:
    name = "log_softmax" if log else "softmax"
    x, grad = 5 * normals(shape, np.float64, rng="x"), normals(shape, np.float64, rng="g")
    for dim in range(-len(shape), len(shape)):
        leaf = torch.tensor(x, requires_grad=True)
        right = getattr(T, name)(leaf, dim=dim)
        right.backward(torch.tensor(grad))
        y = getattr(F, name)(x, dim)
        assert_allclose(y, right.detach().numpy(), rtol=1e-12, atol=1e-15, strict=True)
        gradient = getattr(F, f"{name}_backward")(grad, y, dim)
        assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12, atol=1e-14, strict=True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_in_float32_is_float64_rounded(name: str, backend: str) -> None:
    for shape, dim in (((20, 1000), 1), ((3, 21, 50), 1), ((32, 10), -1)):
        x, grad = 8 * normals(shape, np.float32, rng="x"), normals(shape, np.float32, rng="g")
        y = getattr(F, name)(x, dim)
        right = getattr(F, name)(x.astype(np.float64), dim)
        eps = float(np.finfo(np.float32).eps)
        # The NumPy twin subtracts the largest element in float32.
        assert_allclose(y, right, rtol=(64 if backend == "numpy" else 4) * eps, atol=1e-45)
        backward = getattr(F, f"{name}_backward")
        gradient = backward(grad.astype(np.float64), y.astype(np.float64), dim)
        assert_allclose(backward(grad, y, dim), gradient, rtol=8 * eps, atol=8 * eps)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [3, 40])
def test_softmax_of_special_values(name: str, dtype: Any, length: int, backend: str) -> None:
    """L09, and rows with infinities and NaN; also such rows side by side with others."""
    rows = np.zeros((8, length), dtype)
    rows[0, -1] = 1e4
    rows[1, 1] = -math.inf
    rows[2, 0] = math.inf
    rows[3, -1] = math.nan
    rows[4] = -math.inf
    rows[5] = np.finfo(dtype).max
    rows[6, 1:] = -np.finfo(dtype).max
    rows[7] = np.linspace(-800, 0, length)
    right = getattr(T, name)(torch.tensor(rows.astype(np.float64)), dim=1).numpy().astype(dtype)
    eps = float(np.finfo(dtype).eps)
    for result in (getattr(F, name)(rows, 1), getattr(F, name)(rows.T, 0).T):
        assert_allclose(result, right, rtol=16 * eps, atol=float(np.finfo(dtype).smallest_subnormal))


def test_softmax_of_a_number(backend: str) -> None:
    assert F.softmax(np.array(3.0)).tolist() == 1
    assert F.log_softmax(np.array(3.0), 0).tolist() == 0
    assert F.softmax_backward(np.array(2.0), np.array(1.0)).shape == ()
    assert F.log_softmax_backward(np.array(2.0), np.array(0.0)) == 0
