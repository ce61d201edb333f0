"""Bilinear resizing."""

import numpy as np
import pytest

from fastconv.data import resize


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 3, 8, (5, 13)])
def test_constant_images_stay_exactly_constant(dtype, size):
    result = resize(np.full((2, 1, 4, 6), 0.1, dtype), size)
    assert result.dtype == dtype and result.flags.c_contiguous
    assert (result == dtype(0.1)).all()


def test_own_size_is_a_copy():
    images = np.random.default_rng(0).random((3, 5, 7))
    result = resize(images, (5, 7))
    assert np.array_equal(result, images) and not np.shares_memory(result, images)


def test_axes_are_not_mixed_up():
    ramp = np.arange(4.0)[:, None] * np.ones(3)
    assert np.array_equal(resize(ramp, (8, 3)), resize(ramp.T, (3, 8)).T)
    assert np.allclose(resize(ramp, (8, 3))[:, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])


@pytest.mark.parametrize(
    ("images", "size", "error", "named"),
    [
        ([[1.0]], 2, TypeError, "images"),
        (np.ones((2, 2), int), 2, TypeError, "images"),
        (np.ones(4), 2, ValueError, "images"),
        (np.ones((1, 0, 4)), 2, ValueError, "images"),
        (np.ones((2, 2)), 0, ValueError, "size"),
        (np.ones((2, 2)), (1, 2, 3), ValueError, "size"),
        (np.ones((2, 2)), 2.0, TypeError, "size"),
    ],
)
def test_errors(images, size, error, named):
    with pytest.raises(error, match=f"resize: {named}"):
        resize(images, size)
