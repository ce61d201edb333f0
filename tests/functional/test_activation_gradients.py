"""G16 for activations and for losses of log-probabilities and differences: central differences on every backend."""

from typing import Any

import numpy as np
import pytest
from grids import normals

from fastconv import functional as F
from fastconv.testing import gradcheck


def real(*shape: int) -> np.ndarray:
    """No number of these is near a kink."""
    return np.asarray(np.round(normals(shape, np.float64, rng=shape), 1) + 0.04)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (F.leaky_relu, {}),
        (F.leaky_relu, {"negative_slope": -0.5}),
        (F.elu, {}),
        (F.elu, {"alpha": 2.5}),
        (F.gelu, {}),
        (F.gelu, {"approximate": "tanh"}),
        (F.silu, {}),
        (F.softplus, {}),
        (F.softplus, {"beta": 3.0, "threshold": 1.0}),
        (F.hardtanh, {}),
        (F.hardtanh, {"min_val": -0.5, "max_val": 0.25}),
        (F.relu6, {}),
        (F.hardsigmoid, {}),
        (F.hardswish, {}),
    ],
)
@pytest.mark.parametrize("shape", [(), (2, 3, 4)], ids=str)
def test_activations(function: Any, options: dict[str, Any], shape: tuple[int, ...], backend: str) -> None:
    assert gradcheck(function, real(*shape), **options)
    assert gradcheck(function, np.asarray(4 * real(*shape)), **options)


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax(function: Any, dim: int, backend: str) -> None:
    assert gradcheck(function, real(2, 3, 4), dim=dim)
    assert gradcheck(function, 3 * real(40, 1, 2), dim=dim)
    assert gradcheck(function, real(), dim=min(dim, 0))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("function", "options"),
    [
        (F.mse_loss, {}),
        (F.l1_loss, {}),
        (F.huber_loss, {"delta": 0.5}),
        (F.smooth_l1_loss, {"beta": 0.5}),
        (F.smooth_l1_loss, {"beta": 0.0}),
    ],
)
def test_differences(function: Any, options: dict[str, Any], reduction: str, backend: str) -> None:
    target = np.round(real(3, 4), 1) - 0.07
    assert gradcheck(function, 2 * real(3, 4), target, reduction=reduction, **options)
    assert gradcheck(function, real(), target[0, 0], reduction=reduction, **options)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_nll_loss(reduction: str, weighted: bool) -> None:
    options = {"reduction": reduction, "weight": abs(real(5)) if weighted else None}
    assert gradcheck(F.nll_loss, real(3, 5, 2), np.array([[0, 4], [2, -100], [1, 1]]), **options)
    assert gradcheck(F.nll_loss, real(3, 5), np.array([0, 1, 4]), **options, ignore_index=1)
    assert gradcheck(F.nll_loss, real(5), np.array(3), **options)
