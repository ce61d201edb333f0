"""Receptive fields: against the formula, and where there is none."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, plot
from fastconv.plot.receptive_field import receptive_fields


def by_formula(layers, size):
    """Start and end of what the middle unit of the last layer sees, from (kernel, stride, padding, dilation)."""
    sizes = [size]
    for kernel, stride, padding, dilation in layers:
        sizes.append((sizes[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    first = last = sizes[-1] // 2
    for kernel, stride, padding, dilation in reversed(layers):
        first = first * stride - padding
        last = last * stride - padding + dilation * (kernel - 1)
    return first, last + 1


CHAINS = [
    [(3, 1, 0, 1)],
    [(3, 1, 1, 1), (3, 1, 1, 1)],
    [(5, 2, 2, 1), (3, 1, 1, 2)],
    [(3, 1, 0, 3), (2, 2, 0, 1), (3, 1, 0, 1)],
    [(4, 3, 1, 1), (1, 1, 0, 1), (2, 1, 0, 1)],
]


@pytest.mark.parametrize("channels", [2, 16])  # with 16, convolution 3x3 is Winograd's
@pytest.mark.parametrize("chain", CHAINS)
def test_chains_see_what_the_formula_says(chain, channels):
    modules = [
        nn.Conv2d(channels if i else 1, channels, kernel, stride, padding, dilation, rng=i)
        for i, (kernel, stride, padding, dilation) in enumerate(chain)
    ]
    fields = receptive_fields(nn.Sequential(*modules), np.zeros((1, 1, 31, 40), np.float32))
    for i, field in enumerate(fields, 1):
        assert (field.top, field.bottom) == by_formula(chain[:i], 31)
        assert (field.left, field.right) == by_formula(chain[:i], 40)


def test_branches_and_shortcuts():
    block = nn.Residual(nn.Sequential(nn.Conv2d(1, 1, 5, padding=2, rng=0), nn.Conv2d(1, 1, 3, padding=1, rng=1)))
    model = nn.Sequential(nn.Concat(block, nn.Conv2d(1, 1, 1, rng=2)), nn.ReLU())
    sizes = {field.name: field.size for field in receptive_fields(model, np.zeros((1, 1, 21, 21), np.float32))}
    assert list(sizes.values()) == [(5, 5), (7, 7), (1, 1), (7, 7)]


def test_pooling_normalisation_and_vectors(lenet, image):
    fields = receptive_fields(lenet, image[None])
    assert [field.name for field in fields] == ["conv1", "activation1", "pool1", "conv2", "activation2", "pool2"]
    whole = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.GroupNorm(1, 2))
    assert receptive_fields(whole, image[None])[-1].size == (32, 32)


def test_rectangles_are_the_fields(lenet, image):
    ax = plot.receptive_field(lenet, image, ["conv1", "pool2"])
    drawn = {patch.get_label(): patch.get_bbox().bounds for patch in ax.patches}
    for field in receptive_fields(lenet, image[None]):
        if field.name in ("conv1", "pool2"):
            height, width = field.size
            bounds = (field.left - 0.5, field.top - 0.5, width, height)
            assert drawn[f"{field.name}: {height} × {width}"] == bounds
    assert len(drawn) == 2


def test_what_sees_no_more_is_left_out_by_default():
    model = fc.models.resnet20(rng=0)
    before = {name: array.copy() for name, array in model.state_dict().items()}
    ax = plot.receptive_field(model, np.zeros((3, 16, 16), np.float32))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[0] == "conv1: 3 × 3" and len(labels) == len(set(labels)) and not any("relu" in x for x in labels)
    assert labels[-1].endswith("16 × 16")
    after = model.state_dict()
    assert all(np.array_equal(after[name], array) for name, array in before.items())  # NaN reached no statistics


def test_a_model_without_maps(ax):
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    plot.receptive_field(model, np.zeros((1, 4, 4), np.float32), ax=ax)
    assert not ax.patches and ax.get_legend() is None
