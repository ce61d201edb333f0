"""Filters of convolutions."""

import numpy as np
import pytest

from fastconv import nn, plot
from fastconv.plot._images import mosaic, pitch


def picture(ax):
    return ax.images[0].get_array()


def tile(ax, row, column, height, width):
    down, right = pitch(np.empty((1, height, width)))
    return picture(ax)[row * down : row * down + height, column * right : column * right + width]


def test_one_channel_is_one_map_for_each_filter():
    layer = nn.Conv2d(1, 6, 5, rng=0)
    ax = plot.filters(layer)
    for k in range(6):  # three in a row
        np.testing.assert_array_equal(tile(ax, k // 3, k % 3, 5, 5), layer.weight.data[k, 0])
    low, high = ax.images[0].get_clim()
    assert -low == high == np.abs(layer.weight.data).max()


@pytest.mark.parametrize(
    ("layer", "weight"),
    [
        (nn.Conv2d(4, 5, (2, 3), rng=0), lambda w: w),
        (nn.ConvTranspose2d(5, 4, (2, 3), rng=0), lambda w: w.swapaxes(0, 1)),
        (nn.Conv1d(4, 5, 3, rng=0), lambda w: w[:, :, None]),
        (nn.ConvTranspose1d(5, 4, 3, rng=0), lambda w: w.swapaxes(0, 1)[:, :, None]),
    ],
)
def test_more_channels_are_the_columns(layer, weight):
    ax = plot.filters(layer)
    drawn = weight(layer.weight.data)
    for k in range(len(drawn)):
        for c in range(drawn.shape[1]):
            np.testing.assert_array_equal(tile(ax, k, c, *drawn.shape[2:]), drawn[k, c])
    assert ax.get_xlabel() == "input channel" and ax.get_ylabel() == "filter"


def test_three_channels_are_colors_over_the_whole_range():
    layer = nn.Conv2d(3, 4, 3, rng=0)
    ax = plot.filters(layer)
    first = tile(ax, 0, 0, 3, 3)
    weight = layer.weight.data[0].transpose(1, 2, 0)
    np.testing.assert_allclose(first[..., :3], (weight - weight.min()) / np.ptp(weight), atol=1e-6)
    assert (first[..., 3] == 1).all()
    constant = plot.filters(np.ones((1, 3, 2, 2), np.float32))
    assert np.isfinite(picture(constant)).all()


def test_how_many():
    weight = np.random.default_rng(0).normal(size=(70, 20, 3, 3))
    assert plot.filters(weight).get_title() == "16 of 70 filters 3 × 3, 16 of 20 channels"
    assert plot.filters(weight[:, :1]).get_title() == "64 of 70 filters 3 × 3"
    assert plot.filters(weight[:, :1], 2).get_title() == "2 of 70 filters 3 × 3"
    assert plot.filters(weight[:4, :3], 100).get_title() == "4 filters 3 × 3, 3 channels"


def test_weights_of_zero_have_a_range():
    low, high = plot.filters(np.zeros((2, 1, 3, 3))).images[0].get_clim()
    assert low < high


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.Sequential(nn.Conv2d(1, 1, 1))])
def test_other_layers(layer):
    with pytest.raises(TypeError, match=f"filters: layer must be a convolution, got {type(layer).__name__}"):
        plot.filters(layer)


def test_linear_is_none():
    with pytest.raises(ValueError, match=r"filters: layer must have a weight \(K, C, R, S\) or \(K, C, L\), got"):
        plot.filters(nn.Linear(2, 3))


def test_a_mosaic_has_all_tiles_and_gaps_between_them():
    tiles = np.arange(5 * 16 * 8.0).reshape(5, 16, 8)
    whole = mosaic(tiles, 2)
    assert whole.shape == (3 * 16 + 2 * 2, 2 * 8 + 2)
    assert np.isfinite(whole).sum() == tiles.size
    np.testing.assert_array_equal(whole[18:34, 10:], tiles[3])
