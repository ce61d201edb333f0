"""Flips, crops and erased rectangles, against loops over the images."""

import numpy as np
import pytest

from fastconv.data import Cutout, RandomCrop, RandomErasing, RandomHorizontalFlip

IMAGES = np.random.default_rng(0).integers(1, 256, (300, 2, 7, 8), np.uint8)


@pytest.mark.parametrize(("p", "low", "high"), [(0, 0, 0), (0.3, 60, 120), (1, 300, 300)])
def test_flips(p, low, high):
    flipped = RandomHorizontalFlip(p)(IMAGES, rng=0)
    mirrored = [np.array_equal(new, old[..., ::-1]) for new, old in zip(flipped, IMAGES, strict=True)]
    same = [np.array_equal(new, old) for new, old in zip(flipped, IMAGES, strict=True)]
    assert low <= sum(mirrored) <= high and sum(mirrored) + sum(same) == 300


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize(("size", "padding"), [(7, 0), (5, 0), (7, 2), ((3, 9), (0, 1)), ((11, 4), (3, 1))])
def test_every_window_of_the_padded_image_occurs_and_nothing_else(mode, size, padding):
    height, width = (size, size) if isinstance(size, int) else size
    up, side = (padding, padding) if isinstance(padding, int) else padding
    image = IMAGES[0]
    larger = np.pad(image, ((0, 0), (up, up), (side, side)), mode)
    places = {
        larger[:, y : y + height, x : x + width].tobytes()
        for y in range(larger.shape[1] - height + 1)
        for x in range(larger.shape[2] - width + 1)
    }
    cropped = RandomCrop(size, padding, mode)(np.broadcast_to(image, (600, *image.shape)), rng=0)
    assert cropped.shape == (600, 2, height, width)
    assert {window.tobytes() for window in cropped} == places


def test_images_smaller_than_the_window():
    with pytest.raises(ValueError, match=r"RandomCrop: images of \(7, 8\) pixels, padded by \(0, 1\), are smaller"):
        RandomCrop(9, (0, 1))(IMAGES)


def rectangle(image, value=0):
    """Top, bottom, left and right of what has been painted, after a check that it is a rectangle in all channels."""
    rows, columns = (np.flatnonzero((image == value).all(axis=0).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    assert (image[:, top:bottom, left:right] == value).all()
    assert np.count_nonzero(image == value) == 2 * (bottom - top) * (right - left)
    return top, bottom, left, right


@pytest.mark.parametrize("size", [1, 2, 3, 6, 40])
def test_cutout_squares_around_every_pixel(size):
    cut = Cutout(size)(np.repeat(IMAGES, 4, axis=0), rng=0)
    expected = {
        (max(y - size // 2, 0), min(y - size // 2 + size, 7), max(x - size // 2, 0), min(x - size // 2 + size, 8))
        for y in range(7)
        for x in range(8)
    }
    assert {rectangle(image) for image in cut} == expected
    untouched = cut != 0
    assert np.array_equal(cut[untouched], np.repeat(IMAGES, 4, axis=0)[untouched])


def test_erased_rectangles_have_the_areas_and_ratios_asked_for():
    images = np.ones((400, 2, 60, 80), np.float32)
    erased = RandomErasing(p=0.5, scale=(0.1, 0.2), ratio=(0.5, 2.0), value=0.25)(images, rng=0)
    found = [box for box in (rectangle(image, 0.25) for image in erased) if box]
    assert 160 < len(found) < 240
    tall, wide = np.array([(bottom - top, right - left) for top, bottom, left, right in found]).T
    areas, ratios = tall * wide / 4800, tall / wide
    assert 0.09 < areas.min() < 0.11 and 0.19 < areas.max() < 0.21
    assert 0.45 < ratios.min() < 0.6 and 1.7 < ratios.max() < 2.1
    assert abs(np.log(ratios).mean()) < 0.1
    tops, bottoms, lefts, rights = np.array(found).T
    assert tops.min() <= 1 and bottoms.max() >= 59 and lefts.min() <= 1 and rights.max() >= 79


def test_extreme_ratios_are_cut_to_the_image():
    erased = RandomErasing(p=1, scale=(0.5, 0.5), ratio=(100, 100))(IMAGES, rng=0)
    assert {rectangle(image)[:2] for image in erased} == {(0, 7)}


def test_white_in_bytes_and_floats():
    assert (RandomErasing(1, (1, 1), (7 / 8, 7 / 8), value=1)(IMAGES) == 255).all()
    assert (RandomErasing(1, (1, 1), (7 / 8, 7 / 8), value=-3)(IMAGES / 255.0) == -3).all()
