"""Pooling on cases with an answer of their own: the M and V cases that are not a grid."""

import warnings
from typing import Any

import numpy as np
import pytest
from grids import distinct, integers

from fastconv import functional as F

from .calls import same_bits

COUNT4 = np.arange(1.0, 17.0).reshape(1, 4, 4)
COUNT5 = np.arange(1.0, 26.0).reshape(1, 1, 5, 5)
NAN, INF = np.nan, np.inf


def test_max_with_ceil(backend: str) -> None:
    """M03."""
    values, indices = F.max_pool2d(COUNT4, 3, 2, ceil_mode=True, return_indices=True)
    assert values.tolist() == [[[11, 12], [15, 16]]]
    assert indices.tolist() == [[[10, 11], [14, 15]]]
    assert indices.dtype == np.int64


def test_max_of_the_onnx_example(backend: str) -> None:
    """M06: with padding, each window reaches two pixels further, as far as there are pixels."""
    values, indices = F.max_pool2d(COUNT5, 5, 1, 2, return_indices=True)
    rows = [[13, 14, 15, 15, 15], [18, 19, 20, 20, 20], *[[23, 24, 25, 25, 25]] * 3]
    assert values[0, 0].tolist() == rows
    assert (indices + 1 == values).all()


def test_max_without_numbers_in_the_padding(backend: str) -> None:
    x = np.full((1, 2, 2), -5.0)
    assert (F.max_pool2d(x, 2, 1, 1) == -5).all()


@pytest.mark.parametrize(
    ("window", "value", "index"),
    [
        ([[-INF, -INF], [-INF, -INF]], -INF, 0),  # M10
        ([[NAN, 9], [1, 2]], NAN, 0),  # M12
        ([[1, NAN], [9, NAN]], NAN, 3),
        ([[3, 1], [3, 3]], 3, 0),  # M13
        ([[1, 2], [2, 0]], 2, 1),
        ([[-0.0, 0.0], [0.0, -0.0]], 0, 0),
        ([[INF, NAN], [INF, 0]], NAN, 1),
        ([[-INF, -3], [INF, INF]], INF, 2),
    ],
)
def test_which_pixel_wins(window: Any, value: float, index: int, backend: str) -> None:
    for dtype in (np.float32, np.float64):
        x = np.array([window], dtype)
        values, indices = F.max_pool2d(x, 2, return_indices=True)
        assert np.array_equal(values, [[[value]]], equal_nan=True)
        assert np.signbit(values).item() == np.signbit(x.flat[index])
        assert indices.item() == index
        assert same_bits(F.max_pool2d(x, 2), values)


def test_windows_in_the_padding(backend: str) -> None:
    """With dilation a window can miss the image: minus infinity, no index, no gradient."""
    x = np.array([[[[5.0]]]])
    values, indices = F.max_pool2d(x, 2, 1, 1, 2, return_indices=True)
    assert values.tolist() == [[[[-INF]]]]
    assert indices.tolist() == [[[[-1]]]]
    assert F.max_pool2d_backward(np.ones_like(values), indices, x.shape).tolist() == [[[[0]]]]


def test_gradient_goes_to_the_nan(backend: str) -> None:
    """G13."""
    x = distinct((1, 3, 4), np.float64)
    x[0, 1, 2] = NAN
    _, indices = F.max_pool2d(x, (3, 4), return_indices=True)
    grad_input = F.max_pool2d_backward(np.array([[[7.0]]]), indices, x.shape)
    assert grad_input[0, 1, 2] == 7
    assert np.count_nonzero(grad_input) == 1


def test_gradients_of_overlapping_windows_add_up(backend: str) -> None:
    """G11."""
    x = np.zeros((1, 5, 5))
    x[0, 2, 2] = 1
    y, indices = F.max_pool2d(x, 3, 1, return_indices=True)
    grad_output = integers(y.shape, np.float64)
    grad_input = F.max_pool2d_backward(grad_output, indices, x.shape)
    assert grad_input[0, 2, 2] == grad_output.sum()
    assert np.count_nonzero(grad_input) == (grad_output.sum() != 0)


@pytest.mark.parametrize("bad", [-2, 12, 2**40, -(2**63), 2**63 - 1])
def test_indices_are_checked_before_anything_is_written(bad: int) -> None:
    indices = np.zeros((2, 1, 3, 2), np.int64)
    indices[1, 0, 2, 1] = bad
    with pytest.raises(ValueError, match=rf"indices\[1, 0, 2, 1\] = {bad} is not in \[-1, 12\)"):
        F.max_pool2d_backward(np.ones((2, 1, 3, 2)), indices, (2, 1, 3, 4))


def test_unsigned_indices_are_checked_as_they_are() -> None:
    """Seen as signed, this one would be -1."""
    indices = np.full((1, 1, 1), 2**64 - 1, np.uint64)
    with pytest.raises(ValueError, match="18446744073709551615 is not in"):
        F.max_pool2d_backward(np.ones((1, 1, 1)), indices, (1, 2, 2))


def test_stride_is_the_kernel_size_by_default(backend: str) -> None:
    """M17."""
    x = distinct((2, 3, 7, 8))
    for function in (F.max_pool2d, F.avg_pool2d):
        assert same_bits(function(x, (2, 3)), function(x, (2, 3), (2, 3)))
        assert same_bits(function(x, (2, 3), None), function(x, [2, 3], [2, 3]))


def test_unbatched_is_the_first_of_a_batch(backend: str) -> None:
    x = distinct((3, 7, 8))
    for i in range(2):
        one = F.max_pool2d(x, 3, 2, 1, return_indices=True)[i]
        assert same_bits(one, F.max_pool2d(x[None], 3, 2, 1, return_indices=True)[i][0])
    assert same_bits(F.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(x[None], 3, 2, 1)[0])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ((2, 1, 2), "padding"),  # M15
        ((3, 1, 2), "padding"),
        ((5, 1), "output size is too small"),  # M18
        ((8, 2, 1, 1, True), "output size is too small"),
        ((3, 1, 0, 2), "output size is too small"),
        ((2**31 - 1, 1), "output size is too small"),
        ((2, 1, 0, 2**31 - 1), "output size is too small"),
    ],
)
def test_windows_that_do_not_fit(options: tuple[Any, ...], word: str) -> None:
    with pytest.raises(ValueError, match=rf"^max_pool2d: .*{word}"):
        F.max_pool2d(COUNT4, *options)


def test_windows_that_just_fit(backend: str) -> None:
    """M15, M18: half the dilated span; and with ceil one window that is larger than the image."""
    assert F.max_pool2d(COUNT4, 2, 1, 2, 3).shape == (1, 5, 5)
    assert F.max_pool2d(COUNT4, 5, 2, ceil_mode=True).tolist() == [[[16]]]
    assert F.avg_pool2d(COUNT4, 5, 2, ceil_mode=True).tolist() == [[[8.5]]]
    assert same_bits(F.max_pool2d(COUNT4, 1, 2**31 - 1), COUNT4[:, :1, :1].copy())


def test_last_window_in_the_padding_is_dropped(backend: str) -> None:
    x = np.ones((1, 4, 4))
    assert F.max_pool2d(x, 2, 3, 1, ceil_mode=True).shape == (1, 2, 2)
    assert F.max_pool2d(x, 1, 4, ceil_mode=True).shape == (1, 1, 1)


def test_long_columns(backend: str) -> None:
    """M20, smaller."""
    x = distinct((1, 2**12 + 1, 1))
    assert same_bits(F.max_pool2d(x, 1, 1), x)
    assert same_bits(F.avg_pool2d(x, 1, 1), x)


def test_average_with_ceil(backend: str) -> None:
    """V01."""
    assert F.avg_pool2d(COUNT4, 3, 2, ceil_mode=True).tolist() == [[[6, 7.5], [12, 13.5]]]


def test_average_counts_padding_or_not(backend: str) -> None:
    """V04."""
    x = np.ones((1, 1, 3, 3))
    include = F.avg_pool2d(x, 3, 1, 1)[0, 0]
    assert np.allclose(include, np.outer([2, 3, 2], [2, 3, 2]) / 9, rtol=1e-15)
    assert (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) == 1).all()


@pytest.mark.parametrize("include", [True, False])
def test_divisor_of_all_windows(include: bool, backend: str) -> None:
    """V07, V08."""
    x = integers((2, 3, 5, 6))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 3), (1, 3)))
    sums = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2].sum((4, 5))[:, :, :4, :4]
    for divisor in (1, 4):
        y = F.avg_pool2d(x, 3, 2, 1, True, include, divisor)
        assert np.array_equal(y, sums[:, :, : y.shape[2], : y.shape[3]] / divisor)


def test_nan_stays_in_its_windows(backend: str) -> None:
    """V11: no running sums."""
    x = np.ones((1, 5, 40), np.float32)
    x[0, 2, 20] = NAN
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = F.avg_pool2d(x, 3, 1)
        infinite = F.avg_pool2d(np.where(np.isnan(x), np.float32(INF), x), 3, 1)
    expected = np.zeros((1, 3, 38), bool)
    expected[:, :, 18:21] = True
    assert np.array_equal(np.isnan(y), expected)
    assert np.array_equal(np.isinf(infinite), expected)
    assert (y[~expected] == 1).all()


def test_mean_of_the_largest_numbers_overflows(backend: str) -> None:
    """V14: the sum comes first, and it is infinite."""
    x = np.full((1, 2, 2), np.finfo(np.float64).max)
    assert F.avg_pool2d(x, 2).item() == INF
    assert F.avg_pool2d(x, 1).tolist() == x.tolist()


def test_each_window_has_its_own_rounding(backend: str) -> None:
    """A large pixel does not spoil the windows after it."""
    x = np.ones((1, 1, 30), np.float32)
    x[..., 3] = 1e30
    assert (F.avg_pool2d(x, (1, 3), 1)[..., 4:] == 1).all()


@pytest.mark.parametrize("shape", [(1, 2, 3, 3), (1, 1, 2, 3), (2, 3), (0, 1, 3, 3), (1, 1, 3, 0)], ids=str)
def test_gradients_have_the_shape_of_the_result(shape: tuple[int, ...]) -> None:
    """A18, G07."""
    for function, arguments in [
        (F.avg_pool2d_backward, ((1, 1, 6, 6), 2)),
        (F.pad2d_backward, ((1, 1, 1, 1), 1)),
    ]:
        with pytest.raises(ValueError, match=rf"^{function.__name__}: grad_output must have shape \(1, 1, 3, 3\)"):
            function(np.ones(shape), *arguments)
