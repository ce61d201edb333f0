"""Bounds for gradients, against torch."""

import math

import numpy as np
import pytest

from fastconv import nn

torch = pytest.importorskip("torch")

SHAPES = [(3, 4), (5,), (), (2, 1, 3)]


def pairs(scale=1.0, dtype=np.float64):
    """Parameters of ours and of torch with the same gradients; one has none."""
    rng = np.random.default_rng(0)
    ours, theirs = [], []
    for shape in SHAPES:
        ours.append(nn.Parameter(np.zeros(shape, dtype)))
        ours[-1].grad = np.asarray(scale * rng.standard_normal(shape)).astype(dtype)
        theirs.append(torch.nn.Parameter(torch.from_numpy(ours[-1].data)))
        theirs[-1].grad = torch.tensor(ours[-1].grad)
    ours.append(nn.Parameter(np.zeros(2, dtype)))
    theirs.append(torch.nn.Parameter(torch.zeros(2)))
    return ours, theirs


def compare(ours, theirs, rtol=1e-14):
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=rtol)


@pytest.mark.parametrize("norm_type", [2, 1.0, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0, 0.5, 3, 1e9])
def test_clip_grad_norm(max_norm, norm_type):
    ours, theirs = pairs(3.0)
    arrays = [p.grad for p in ours]
    total = nn.utils.clip_grad_norm_(iter(ours), max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert type(total) is float and total == pytest.approx(float(expected), rel=1e-14)
    compare(ours, theirs)
    assert all(p.grad is array for p, array in zip(ours, arrays, strict=True))  # in place


def test_float32_is_summed_in_float64():
    p = nn.Parameter(np.zeros(1_000_000, np.float32))
    p.grad = np.full(1_000_000, 0.1, np.float32)
    assert nn.utils.clip_grad_norm_(p, 1.0) == pytest.approx(1000 * float(np.float32(0.1)), rel=1e-12)
    assert nn.utils.clip_grad_norm_([p], 10.0) == pytest.approx(1.0, rel=1e-5) and p.grad.dtype == np.float32


def test_no_gradients():
    assert nn.utils.clip_grad_norm_([], 1.0) == 0.0
    assert nn.utils.clip_grad_norm_(nn.Parameter(np.ones(2)), 1.0) == 0.0
    empty = nn.Parameter(np.zeros((0, 2)))
    empty.grad = np.zeros((0, 2))
    for norm_type in (2, 1, math.inf):
        assert nn.utils.clip_grad_norm_(empty, 1.0, norm_type) == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_norms_that_are_not_finite(value):
    ours, theirs = pairs()
    for parameters in (ours, theirs):
        parameters[0].grad[0, 0] = value
    before = [None if p.grad is None else p.grad.copy() for p in ours]
    with pytest.raises(FloatingPointError, match="clip_grad_norm_: the norm"):
        nn.utils.clip_grad_norm_(ours, 1.0, error_if_nonfinite=True)
    for p, grad in zip(ours, before, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
    total = nn.utils.clip_grad_norm_(ours, 1.0)
    np.testing.assert_equal(total, float(torch.nn.utils.clip_grad_norm_(theirs, 1.0)))
    compare(ours, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limit", [0, 0.3, 100])
def test_clip_grad_value(limit, dtype):
    ours, theirs = pairs(1.0, dtype)
    for parameters in (ours, theirs):
        parameters[0].grad[0, 0], parameters[0].grad[0, 1] = math.nan, -math.inf
    nn.utils.clip_grad_value_(ours, limit)
    torch.nn.utils.clip_grad_value_(theirs, limit)
    compare(ours, theirs, 0)


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (TypeError, "clip_grad_norm_: parameters", lambda p: nn.utils.clip_grad_norm_(3, 1.0)),
        (TypeError, "clip_grad_norm_: parameters", lambda p: nn.utils.clip_grad_norm_([p, np.ones(2)], 1.0)),
        (TypeError, "clip_grad_norm_: max_norm", lambda p: nn.utils.clip_grad_norm_(p, "1")),
        (ValueError, "clip_grad_norm_: max_norm", lambda p: nn.utils.clip_grad_norm_(p, math.nan)),
        (ValueError, "clip_grad_norm_: max_norm", lambda p: nn.utils.clip_grad_norm_(p, -1)),
        (ValueError, "clip_grad_norm_: norm_type", lambda p: nn.utils.clip_grad_norm_(p, 1, 0)),
        (TypeError, "clip_grad_norm_: error_if_nonfinite", lambda p: nn.utils.clip_grad_norm_(p, 1, 2, 1)),
        (TypeError, "clip_grad_value_: parameters", lambda p: nn.utils.clip_grad_value_("ab", 1.0)),
        (ValueError, "clip_grad_value_: clip_value", lambda p: nn.utils.clip_grad_value_(p, -1)),
        (TypeError, "clip_grad_value_: clip_value", lambda p: nn.utils.clip_grad_value_(p, None)),
    ],
)
def test_impossible_arguments(error, text, call):
    p = nn.Parameter(np.ones(2))
    p.grad = np.ones(2)
    with pytest.raises(error, match=f"^{text}"):
        call(p)
    assert p.grad.tolist() == [1, 1]
