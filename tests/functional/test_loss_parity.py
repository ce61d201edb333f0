"""Losses of log-probabilities and of differences against torch, on every backend."""

import math
from typing import Any

import numpy as np
import pytest
from grids import normals
from numpy.testing import assert_allclose

from fastconv import functional as F

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional
REDUCTIONS = ["mean", "sum", "none"]

DIFFERENCES: list[tuple[str, dict[str, Any]]] = [
    ("mse_loss", {}),
    ("l1_loss", {}),
    *(("huber_loss", {"delta": delta}) for delta in (1.0, 0.1, 5.0, math.inf)),
    *(("smooth_l1_loss", {"beta": beta}) for beta in (1.0, 0.1, 5.0, 0.0)),
]


def with_gradient(name: str, x: np.ndarray, *arguments: Any, upstream: Any, **options: Any) -> tuple[Any, Any]:
    """Loss and gradient in torch."""
    leaf = torch.tensor(x, requires_grad=True)
    loss = getattr(T, name)(leaf, *arguments, **options)
    loss.backward(torch.tensor(upstream, dtype=loss.dtype))
    return loss.detach().numpy(), leaf.grad.numpy()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(6, 4), (), (0, 4), (2, 3, 5, 7), (9001,)], ids=str)
@pytest.mark.parametrize(("name", "options"), DIFFERENCES, ids=str)
def test_differences(name: str, options: dict[str, Any], shape: tuple[int, ...], reduction: str, backend: str) -> None:
    x, t = 2 * normals(shape, np.float64, rng="x"), normals(shape, np.float64, rng="t")
    x.reshape(-1)[::5] = t.reshape(-1)[::5]
    upstream = normals(shape, np.float64, rng="g") if reduction == "none" else -2.5
    right, right_gradient = with_gradient(
        name, x, torch.tensor(t), upstream=upstream, reduction=reduction, **options
    )
    loss = getattr(F, name)(x, t, reduction=reduction, **options)
    assert type(loss) is (np.ndarray if reduction == "none" else float)
    assert_allclose(loss, right, rtol=1e-13)
    gradient = getattr(F, f"{name}_backward")(upstream, x, t, reduction=reduction, **options)
    assert_allclose(gradient, right_gradient, rtol=1e-13, strict=True)


@pytest.mark.parametrize(("name", "options"), [d for d in DIFFERENCES if math.inf not in d[1].values()], ids=str)
def test_differences_of_special_values(name: str, options: dict[str, Any], backend: str) -> None:
    x = np.array([0.0, math.inf, -math.inf, 1e200, -1e200, math.nan, math.inf])
    t = np.zeros(7)
    t[6] = math.inf
    right, right_gradient = with_gradient(name, x, torch.tensor(t), upstream=np.ones(7), reduction="none", **options)
    loss = getattr(F, name)(x, t, reduction="none", **options)
    gradient = getattr(F, f"{name}_backward")(np.ones(7), x, t, reduction="none", **options)
    assert_allclose(loss, right)
    assert_allclose(gradient[:5], right_gradient[:5])
    assert np.isnan(gradient[5:]).all()  # the sign of NaN is 0 in torch


@pytest.mark.parametrize(("name", "options"), DIFFERENCES, ids=str)
def test_differences_in_float32_are_those_of_float64_rounded(
    name: str, options: dict[str, Any], backend: str
) -> None:
    x, t = normals((1000,), np.float32, rng="x"), normals((1000,), np.float32, rng="t")
    options = {k: float(np.float32(v)) for k, v in options.items()}
    wide = getattr(F, name)(x.astype(np.float64), t.astype(np.float64), reduction="none", **options)
    loss = getattr(F, name)(x, t, reduction="none", **options)
    eps = float(np.finfo(np.float32).eps)
    # The NumPy twin subtracts in float32.
    assert_allclose(loss, wide, rtol=4 * eps, atol=8 * eps if backend == "numpy" else 0)
    mean = getattr(F, name)(x, t, **options)
    assert mean == pytest.approx(wide.mean(), rel=4 * eps)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, (1.0, 2.0, 0.5, 0.0), (0.0, 0.0, 0.0, 0.0)], ids=str)
@pytest.mark.parametrize("ignore_index", [-100, 2])
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2), (2, 4, 3, 2), (4,), (0, 4)], ids=str)
def test_nll_loss(reduction: str, weight: Any, ignore_index: int, shape: tuple[int, ...], backend: str) -> None:
    x = normals(shape, np.float64)
    axis = min(len(shape) - 1, 1)
    rest = shape[:axis] + shape[axis + 1 :]
    target = np.array(np.random.default_rng(1).integers(0, 4, rest))
    w = None if weight is None else np.array(weight)
    options = {"ignore_index": ignore_index, "reduction": reduction}
    upstream = normals(rest, np.float64, rng="g") if reduction == "none" else 3.0
    tw = None if w is None else torch.tensor(w)
    right, right_gradient = with_gradient("nll_loss", x, torch.tensor(target), tw, upstream=upstream, **options)
    loss = F.nll_loss(x, target, w, **options)
    assert type(loss) is (np.ndarray if reduction == "none" else float)
    assert_allclose(loss, right, rtol=1e-13)
    if target.size and (target == ignore_index).all():
        right_gradient[...] = 0  # of no samples; in torch it is NaN
    gradient = F.nll_loss_backward(upstream, x, target, w, **options)
    assert_allclose(gradient, right_gradient, rtol=1e-13, strict=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_is_nll_loss_of_log_softmax(reduction: str, weighted: bool, backend: str) -> None:
    z, target = normals((5, 4, 3), np.float64), np.random.default_rng(0).integers(0, 4, (5, 3))
    target[0] = -100
    w = np.array([0.5, 2.0, 0.0, 1.0]) if weighted else None
    upstream = normals((5, 3), np.float64, rng="g") if reduction == "none" else 0.5
    y = F.log_softmax(z, 1)
    options = {"weight": w, "reduction": reduction}
    assert_allclose(F.nll_loss(y, target, **options), F.cross_entropy(z, target, **options), rtol=1e-13)
    chained = F.log_softmax_backward(F.nll_loss_backward(upstream, y, target, **options), y, 1)
    assert_allclose(chained, F.cross_entropy_backward(upstream, z, target, **options), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("kind", ["ids", "probabilities"])
@pytest.mark.parametrize("shape", [(7, 5), (2, 5, 6, 3)], ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_with_every_option(
    reduction: str, kind: str, shape: tuple[int, ...], smoothing: float, backend: str
) -> None:
    """Class weights, ignored classes, smoothing, probabilities and pixels together, and any upstream gradient."""
    z, rng = 3 * normals(shape, np.float64), np.random.default_rng(2)
    rest = shape[:1] + shape[2:]
    target = rng.integers(0, 5, rest) if kind == "ids" else rng.random(shape)
    w = rng.random(5)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    if kind == "ids":
        options["ignore_index"] = 3
    upstream = normals(rest, np.float64, rng="g") if reduction == "none" else -1.5
    right, right_gradient = with_gradient(
        "cross_entropy", z, torch.tensor(target), torch.tensor(w), upstream=upstream, **options
    )
    assert_allclose(F.cross_entropy(z, target, w, **options), right, rtol=1e-12)
    gradient = F.cross_entropy_backward(upstream, z, target, w, **options)
    assert_allclose(gradient, right_gradient, rtol=1e-11, atol=1e-15, strict=True)
