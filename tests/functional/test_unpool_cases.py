"""Unpooling: where pixels go, the last of several, sizes, gradients, and what is refused."""

from typing import Any

import numpy as np
import pytest
from grids import distinct, integers, normals

from fastconv import functional as F
from fastconv.testing import gradcheck

from .calls import same_bits


@pytest.mark.parametrize(
    ("shape", "pool", "output_size"),
    [
        ((2, 3, 6, 8), (2,), None),
        ((2, 3, 7, 9), (2,), (7, 9)),
        ((2, 3, 7, 9), (2,), (2, 3, 7, 9)),
        ((3, 7, 9), (2,), (3, 7, 9)),
        ((3, 7, 9), (2,), [7, 9]),
        ((2, 3, 9, 10), (3, 3, 1), (9, 10)),
        ((2, 3, 8, 9), ((2, 3),), None),
        ((2, 3, 8, 11), ((1, 2), (2, 3)), (8, 11)),
    ],
)
def test_goes_back_to_where_it_came_from(shape: Any, pool: Any, output_size: Any, backend: str) -> None:
    x = distinct(shape) + 1
    values, indices = F.max_pool2d(x, *pool, return_indices=True)
    y = F.max_unpool2d(values, indices, *pool, output_size=output_size)
    won = np.isin(x, values)
    assert same_bits(y, np.where(won, x, np.float32(0)))
    g = integers(y.shape, rng="g")
    grad_input = F.max_unpool2d_backward(g, indices, values.shape)
    assert np.vdot(y, g) == np.vdot(values, grad_input)
    planes = g.reshape(*g.shape[:-2], -1)
    expected = np.take_along_axis(planes, indices.reshape(*g.shape[:-2], -1), -1).reshape(values.shape)
    assert same_bits(grad_input, expected)


def test_the_last_of_several_stays(backend: str) -> None:
    """Also in the gradient: what was overwritten has none."""
    x = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    indices = np.array([[[7, 0, 7], [-1, 0, 7]]])
    y = F.max_unpool2d(x, indices, 2)
    expected = np.zeros((1, 4, 6))
    expected.flat[0], expected.flat[7] = 5, 6
    assert same_bits(y, expected)
    g = np.arange(24.0).reshape(y.shape) + 1
    grad_input = F.max_unpool2d_backward(g, indices, x.shape)
    assert grad_input.tolist() == [[[0, 0, 0], [0, 1, 8]]]
    assert np.vdot(y, g) == np.vdot(x, grad_input)


def test_many_for_few_places(backend: str) -> None:
    """Against a loop, on every backend; planes do not see each other."""
    x = normals((3, 5, 7, 9), rng="x")
    indices = np.random.default_rng(0).integers(-1, 20, x.shape)
    y = F.max_unpool2d(x, indices, 2, output_size=(14, 18))
    expected = np.zeros((3, 5, 14, 18), np.float32)
    for n, c, p, q in np.ndindex(x.shape):
        if indices[n, c, p, q] >= 0:
            expected[n, c].flat[indices[n, c, p, q]] = x[n, c, p, q]
    assert same_bits(y, expected)


def test_gradients(backend: str) -> None:
    x, indices = normals((2, 1, 2, 3), np.float64), np.array([[[[0, 5, 0], [-1, 7, 3]]], [[[8, 8, 8], [2, 1, 0]]]])
    assert gradcheck(F.max_unpool2d, x, indices, 2)
    assert gradcheck(F.max_unpool2d, x[0], indices[0], (2, 3), output_size=(5, 8))


def test_nan_and_infinities_pass(backend: str) -> None:
    x = np.array([[[np.nan, -np.inf]]], np.float32)
    y = F.max_unpool2d(x, np.array([[[3, 1]]]), 2)
    assert np.array_equal(y[0], [[0, -np.inf, 0, np.nan], [0, 0, 0, 0]], equal_nan=True)


@pytest.mark.parametrize("bad", [-2, 24, 2**32, 2**63 - 1, -(2**63)])
def test_indices_are_checked(bad: int, backend: str) -> None:
    x, indices = np.ones((2, 3, 2, 3)), np.zeros((2, 3, 2, 3), np.int64)
    indices[1, 2, 0, 1] = bad
    text = rf"indices\[1, 2, 0, 1\] = {bad} is not in \[-1, 24\)"
    with pytest.raises(ValueError, match=rf"^max_unpool2d: {text}"):
        F.max_unpool2d(x, indices, 2)
    with pytest.raises(ValueError, match=rf"^max_unpool2d_backward: {text}"):
        F.max_unpool2d_backward(np.ones((2, 3, 4, 6)), indices, x.shape)


def test_large_unsigned_indices_are_no_small_negative_ones() -> None:
    indices = np.zeros((1, 1, 2), np.uint64)
    indices[0, 0, 1] = 2**64 - 1
    with pytest.raises(ValueError, match=r"^max_unpool2d: indices\[0, 0, 1\] = 18446744073709551615 is not in"):
        F.max_unpool2d(np.ones((1, 1, 2)), indices, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"output_size": (9, 6)}, r"output_size must be less than a stride away from \(4, 6\), got \(9, 6\)"),
        ({"output_size": (4, 8)}, "output_size must be less than a stride away"),
        ({"output_size": (4,)}, r"output_size must be \(H, W\), or a shape of 4 axes"),
        ({"output_size": (3, 4, 6)}, r"output_size must be \(H, W\), or a shape of 4 axes"),
        ({"output_size": (2, 4, 4, 6)}, r"output_size must have the batch and channels of input, \(2, 3\)"),
        ({"padding": 3}, r"padding \(3, 3\) leaves nothing of the result"),
        ({"kernel_size": 0}, "kernel_size must be >= 1"),
        ({"stride": 0}, "stride must be >= 1"),
    ],
)
def test_what_does_not_fit(options: dict[str, Any], words: str) -> None:
    x = np.zeros((2, 3, 2, 3))
    with pytest.raises(ValueError, match=rf"^max_unpool2d: {words}"):
        F.max_unpool2d(x, np.zeros(x.shape, int), **{"kernel_size": 2, **options})


def test_kinds_and_shapes() -> None:
    x = np.zeros((2, 3, 2, 3))
    for wrong in (7, "44", (4.0, 6), (True, 6)):
        with pytest.raises(TypeError, match=r"^max_unpool2d: output_size must be a sequence of ints"):
            F.max_unpool2d(x, np.zeros(x.shape, int), 2, output_size=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^max_unpool2d: indices must have shape \(2, 3, 2, 3\), that of input"):
        F.max_unpool2d(x, np.zeros((2, 3, 3, 2), int), 2)
    for shape in ((2, 3, 3, 2), (3, 2, 3), (2, 2, 2, 3)):
        with pytest.raises(ValueError, match=r"^max_unpool2d_backward: (indices|grad_output) must "):
            F.max_unpool2d_backward(np.zeros((2, 3, 4, 6)), np.zeros(x.shape, int), shape)
