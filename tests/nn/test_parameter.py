"""A parameter is an array with a gradient."""

import copy
import pickle

import numpy as np
import pytest

from fastconv import functional as F
from fastconv import nn


def test_wraps_without_copying():
    base = np.arange(12.0).reshape(3, 4)
    view = base[::2, ::-1]
    p = nn.Parameter(view)
    assert p.data is view and p.grad is None and p.requires_grad
    p.data += 1
    assert base[0].tolist() == [1, 2, 3, 4]
    assert (p.shape, p.dtype, p.ndim, p.size, len(p)) == ((2, 4), np.float64, 2, 8, 2)


def test_is_usable_as_an_array():
    p = nn.Parameter(np.ones((1, 1, 2, 2), np.float32))
    assert np.asarray(p) is p.data
    assert np.asarray(p, np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(p), p.data)
    x = np.ones((1, 1, 3, 3), np.float32)
    np.testing.assert_array_equal(F.conv2d(x, p), F.conv2d(x, p.data))


@pytest.mark.parametrize(
    "data",
    [
        [1.0],
        1.0,
        None,
        np.float64(1),
        np.ones(2, int),
        np.ones(2, bool),
        np.ones(2, np.float16),
        np.ones(2, complex),
        np.ones(2, object),
        np.ma.ones(2),
        nn.Parameter(np.ones(2)),
    ],
)
def test_refuses_what_is_no_real_array(data):
    with pytest.raises(TypeError, match="data"):
        nn.Parameter(data)
    p = nn.Parameter(np.ones(2))
    with pytest.raises(TypeError, match="data"):
        p.data = data


def test_accumulate():
    p = nn.Parameter(np.ones(2))
    p.accumulate(np.ones(2))
    p.accumulate(np.full(2, 3.0))
    assert p.grad.tolist() == [4, 4]
    p.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    p.zero_grad()
    assert p.grad is None


def test_hooks_see_the_sum_and_can_be_removed():
    p, seen = nn.Parameter(np.ones(2)), []
    with p.register_post_accumulate_grad_hook(lambda parameter: seen.append(parameter.grad.tolist())):
        p.accumulate(np.ones(2))
        p.accumulate(np.ones(2))
    p.accumulate(np.ones(2))
    assert seen == [[1, 1], [2, 2]]
    with pytest.raises(TypeError, match="hook"):
        p.register_post_accumulate_grad_hook(3)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_have_the_values_but_no_hooks(again):
    p = nn.Parameter(np.ones(2), requires_grad=False)
    p.grad = np.full(2, 3.0)
    p.register_post_accumulate_grad_hook(print)
    other = again(p)
    assert other.data.tolist() == [1, 1] and other.grad.tolist() == [3, 3] and not other.requires_grad
    other.register_post_accumulate_grad_hook(lambda parameter: None)
    assert len(p._hooks) == 1


def test_repr():
    assert repr(nn.Parameter(np.ones(2))) == "Parameter(array([1., 1.]))"
    assert repr(nn.Parameter(np.ones(2), requires_grad=False)) == "Parameter(array([1., 1.]), requires_grad=False)"
