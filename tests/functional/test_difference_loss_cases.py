"""Losses of log-probabilities and of differences: what is refused, and answers that are known."""

import math
import warnings
from typing import Any

import numpy as np
import pytest

from fastconv import functional as F

NAMES = ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"]
X, Y = np.array([[1.0, 4.0], [0.0, -2.0]]), np.array([[1.0, 2.0], [0.5, 3.0]])
P, IDS = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25]])), np.array([0, 2, 1])


@pytest.mark.parametrize(
    ("name", "each", "slope"),
    [
        ("mse_loss", [[0, 4], [0.25, 25]], [[0, 4], [-1, -10]]),
        ("l1_loss", [[0, 2], [0.5, 5]], [[0, 1], [-1, -1]]),
        ("huber_loss", [[0, 1.5], [0.125, 4.5]], [[0, 1], [-0.5, -1]]),
        ("smooth_l1_loss", [[0, 1.5], [0.125, 4.5]], [[0, 1], [-0.5, -1]]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_definition(name: str, each: Any, slope: Any, dtype: Any, backend: str) -> None:
    function, backward = getattr(F, name), getattr(F, f"{name}_backward")
    x, y = X.astype(dtype), Y.astype(dtype)
    assert function(x, y, "none").tolist() == each
    assert function(x, y, "sum") == np.sum(each)
    assert function(x, y) == np.mean(each)
    assert backward(np.full((2, 2), 2, dtype), x, y, "none").tolist() == (2 * np.array(slope)).tolist()
    assert backward(4, x, y).tolist() == slope
    assert backward(np.array(1.0), x, y, "sum").tolist() == slope


def test_huber_at_its_corner(backend: str) -> None:
    """Both branches give the same there; and with a tip of no width smooth_l1_loss is l1_loss."""
    x, zero = np.array([-2.0, 2.0, np.nextafter(2.0, 3)]), np.zeros(3)
    assert F.huber_loss(x, zero, "none", 2.0).tolist() == pytest.approx([2, 2, 2])
    assert F.huber_loss_backward(np.ones(3), x, zero, "none", 2.0).tolist() == [-2, 2, 2]
    for beta in (0, 1e-320):
        assert np.array_equal(F.smooth_l1_loss(X, Y, "none", beta), F.l1_loss(X, Y, "none"))
    assert F.huber_loss(np.array([1e200]), np.zeros(1), delta=1e200) == math.inf
    assert F.huber_loss(np.array([1e300]), np.zeros(1), delta=1.0) == 1e300


@pytest.mark.parametrize("name", NAMES)
def test_no_elements(name: str, backend: str) -> None:
    """L17, without a warning."""
    none = np.zeros((0, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(getattr(F, name)(none, none))
        assert getattr(F, name)(none, none, "sum") == 0
        assert getattr(F, f"{name}_backward")(1.0, none, none).shape == (0, 3)


@pytest.mark.parametrize("suffix", ["", "_backward"])
@pytest.mark.parametrize(
    ("name", "option", "bad"), [("huber_loss", "delta", (0, -1.0)), ("smooth_l1_loss", "beta", (-1, math.inf))]
)
def test_parameters(name: str, option: str, bad: tuple[float, ...], suffix: str) -> None:
    arrays = (1.0, X, Y) if suffix else (X, Y)
    for value in (*bad, math.nan):
        with pytest.raises(ValueError, match=rf"^{name}{suffix}: {option} must be >"):
            getattr(F, name + suffix)(*arrays, **{option: value})
    for wrong in ("1", None, True, [1.0]):
        with pytest.raises(TypeError, match=rf"^{name}{suffix}: {option} must be a real number"):
            getattr(F, name + suffix)(*arrays, **{option: wrong})


@pytest.mark.parametrize("name", NAMES)
def test_shapes_must_be_equal(name: str) -> None:
    """Broadcasting a target is a mistake more often than not: torch warns, we refuse."""
    with pytest.raises(ValueError, match=rf"^{name}: target must have shape"):
        getattr(F, name)(X, Y[:1])
    for wrong in (None, "1", np.ones(1), True):
        with pytest.raises(TypeError, match=rf"^{name}_backward: grad_output must be a real number"):
            getattr(F, f"{name}_backward")(wrong, X, Y)
    with pytest.raises(ValueError, match=rf"^{name}_backward: grad_output must have shape"):
        getattr(F, f"{name}_backward")(np.ones(3), X, Y, "none")


def test_nll_loss(backend: str) -> None:
    each = -P[np.arange(3), IDS]
    assert np.array_equal(F.nll_loss(P, IDS, reduction="none"), each)
    assert F.nll_loss(P, IDS) == pytest.approx(each.mean(), rel=1e-15)
    weight = np.array([1.0, 10.0, 4.0])
    assert F.nll_loss(P, IDS, weight) == pytest.approx((each * weight[IDS]).sum() / 15, rel=1e-15)
    assert F.nll_loss(P[0], np.array(1)) == -P[0, 1]


@pytest.mark.parametrize("ignore_index", [-100, 255, -1, 2, np.int64(0)])
@pytest.mark.parametrize("dtype", ["i8", "i2", ">i4"])
def test_ignored_samples(ignore_index: int, dtype: str) -> None:
    """L15, even where there is no number, and whatever the gradient of their loss."""
    p, target = P.copy(), np.array([1, ignore_index, 1], dtype)
    p[1] = np.nan
    options = {"ignore_index": ignore_index}
    assert F.nll_loss(p, target, **options) == F.nll_loss(p[::2], target[::2])
    assert F.nll_loss(p, target, **options, reduction="none")[1] == 0
    assert not F.nll_loss_backward(1.0, p, target, **options)[1].any()
    upstream = np.array([1.0, math.inf, 2.0])
    assert not F.nll_loss_backward(upstream, p, target, **options, reduction="none")[1].any()


def test_nothing_counts() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for p, target in [(P[:0], IDS[:0]), (P, np.full(3, -100)), (np.zeros((2, 0)), np.full(2, -100))]:
            assert math.isnan(F.nll_loss(p, target))
            assert F.nll_loss(p, target, reduction="sum") == 0
            assert F.nll_loss(p, target, reduction="none").tolist() == [0] * len(target)
            assert F.nll_loss_backward(math.inf, p, target).tolist() == np.zeros(p.shape).tolist()


@pytest.mark.parametrize("bad", [-1, 3, 2**40, -(2**63)])
def test_class_ids_are_checked(bad: int) -> None:
    """L12."""
    target = np.array([[0, 1], [2, 2], [1, 0], [0, 0]])
    target[2, 1] = bad
    for function, arguments in ((F.nll_loss, ()), (F.nll_loss_backward, (1.0,))):
        with pytest.raises(ValueError, match=rf"^{function.__name__}: target\[2, 1\] = {bad} is not in \[0, 3\)"):
            function(*arguments, np.full((4, 3, 2), np.nan), target)
