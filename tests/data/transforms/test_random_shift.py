"""Random shifts."""

import numpy as np
import pytest

from fastconv.data import RandomShift


def positions(shift, count, height=9, width=11):
    """Where a single bright pixel from the centre lands in each of `count` images."""
    images = np.zeros((count, 1, height, width), np.float32)
    images[..., height // 2, width // 2] = 1
    moved = shift(images, rng=0)
    assert moved.sum() == count, "a pixel was lost or doubled"
    return {(int(y) - height // 2, int(x) - width // 2) for _, _, y, x in np.argwhere(moved)}


def test_all_shifts_up_to_the_largest_occur_and_no_others():
    grid = {(y, x) for y in range(-2, 3) for x in range(-2, 3)}
    assert positions(RandomShift(2), 1000) == grid


def test_zeros_enter_at_the_border():
    moved = RandomShift(1)(np.ones((100, 1, 4, 4), np.float32), rng=0)
    assert set(moved.sum(axis=(1, 2, 3)).tolist()) == {9.0, 12.0, 16.0}


def test_larger_than_the_image_leaves_nothing_or_a_rest():
    moved = RandomShift(50)(np.ones((50, 1, 3, 3), np.float32), rng=0)
    assert moved.shape == (50, 1, 3, 3) and moved.sum() < 50 * 9


def test_input_is_unchanged_and_seeds_repeat():
    images = np.random.default_rng(0).random((5, 2, 6, 6))
    before = images.copy()
    first, second = RandomShift(2)(images, rng=3), RandomShift(2)(images, rng=3)
    assert np.array_equal(images, before) and np.array_equal(first, second)
    assert not np.array_equal(first, images)


@pytest.mark.parametrize(("largest", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_bad_shift(largest, error):
    with pytest.raises(error, match="RandomShift: max_shift"):
        RandomShift(largest)


def test_bad_images():
    with pytest.raises(ValueError, match="RandomShift: images"):
        RandomShift(1)(np.ones((4, 4)))
