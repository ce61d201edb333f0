"""linear and the activations: the L cases."""

from typing import Any

import numpy as np
import pytest
from grids import ELEMENTWISE, LINEAR, integers

from fastconv import functional as F

from .calls import same_bits


@pytest.mark.parametrize("sizes", LINEAR.values(), ids=LINEAR)
def test_matrix_product(sizes: tuple[int, int, int], backend: str) -> None:
    """L01, L03: also with no rows and no features."""
    rows, features_in, features_out = sizes
    x, w, b = integers((rows, features_in)), integers((features_out, features_in), rng="w"), integers((features_out,))
    assert same_bits(F.linear(x, w, b), np.ascontiguousarray(x @ w.T + b))
    assert same_bits(F.linear(x, w), np.ascontiguousarray(x @ w.T))


@pytest.mark.parametrize("lead", [(), (1,), (2, 1, 5), (0,), (2, 0, 3)], ids=str)
def test_any_number_of_axes(lead: tuple[int, ...], backend: str) -> None:
    """L02."""
    x, w, b = integers((*lead, 3)), integers((4, 3)), integers((4,))
    g = integers((*lead, 4))
    assert same_bits(F.linear(x, w, b), np.ascontiguousarray(x @ w.T + b))
    grad_input, grad_weight, grad_bias = F.linear_backward(g, x, w)
    assert same_bits(grad_input, np.ascontiguousarray(g @ w))
    assert np.array_equal(grad_weight, g.reshape(-1, 4).T @ x.reshape(-1, 3))
    assert np.array_equal(grad_bias, g.reshape(-1, 4).sum(axis=0))


@pytest.mark.parametrize(("features_in", "features_out"), [(0, 4), (3, 0), (0, 0)])
def test_no_features(features_in: int, features_out: int, backend: str) -> None:
    """L03."""
    x, w, b = np.ones((2, features_in)), np.ones((features_out, features_in)), np.arange(1.0, features_out + 1)
    assert np.array_equal(F.linear(x, w, b), np.broadcast_to(b + features_in, (2, features_out)))
    g = np.ones((2, features_out))
    grad_input, grad_weight, grad_bias = F.linear_backward(g, x, w)
    assert np.array_equal(grad_input, np.full(x.shape, features_out))
    assert np.array_equal(grad_weight, np.full(w.shape, 2))
    assert np.array_equal(grad_bias, np.full(b.shape, 2))


@pytest.mark.parametrize(
    ("x", "w", "b", "words"),
    [
        ((2, 3), (4, 5), (4,), ["weight", "input", "(2, 3)", "(4, 5)"]),  # L04
        ((2, 5), (5,), None, ["weight", "2-D"]),
        ((2, 5), (1, 4, 5), None, ["weight", "2-D"]),
        ((2, 5), (4, 5), (4, 1), ["bias", "(4,)", "(4, 1)"]),
        ((2, 5), (4, 5), (5,), ["bias"]),
        ((), (4, 5), None, ["input", "0-d"]),
    ],
)
def test_what_does_not_fit(x: Any, w: Any, b: Any, words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^linear: ") as caught:
        F.linear(np.zeros(x), np.zeros(w), None if b is None else np.zeros(b))
    assert all(word in str(caught.value) for word in words)


def test_relu_at_the_edges(backend: str) -> None:
    """L23."""
    x = np.array([np.nan, -0.0, 0.0, -1.0, 1.0, np.inf, -np.inf])
    y = F.relu(x)
    assert np.array_equal(y, [np.nan, 0, 0, 0, 1, np.inf, 0], equal_nan=True)
    assert F.relu_backward(np.full(7, 3.0), np.where(np.isnan(y), 0, y)).tolist() == [0, 0, 0, 0, 3, 3, 0]


def test_sigmoid_and_tanh_at_the_ends(backend: str) -> None:
    """No overflow, no NaN but from NaN."""
    x = np.array([-np.inf, -1e4, 0.0, 1e4, np.inf, np.nan])
    for dtype in (np.float32, np.float64):
        assert np.array_equal(F.sigmoid(x.astype(dtype)), [0, 0, 0.5, 1, 1, np.nan], equal_nan=True)
        assert np.array_equal(F.tanh(x.astype(dtype)), [-1, -1, 0, 1, 1, np.nan], equal_nan=True)


@pytest.mark.parametrize("shape", [ELEMENTWISE[name] for name in ("0-d", "empty", "empty image", "image")], ids=str)
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh"])
def test_any_shape(name: str, shape: tuple[int, ...], backend: str) -> None:
    """R10."""
    x = integers(shape)
    y = getattr(F, name)(x)
    assert isinstance(y, np.ndarray)
    assert y.shape == shape
    assert getattr(F, f"{name}_backward")(x, y).shape == shape
