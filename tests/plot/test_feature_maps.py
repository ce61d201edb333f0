"""Feature maps of every layer."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, plot
from fastconv.plot._images import mosaic
from fastconv.plot._layers import layer_outputs


def test_maps_are_the_outputs_of_the_layers(lenet, image):
    fig = plot.feature_maps(lenet, image)
    lenet.eval()
    values = image[None]
    outputs = {}
    for name, layer in lenet.named_children():
        values = outputs[name] = layer(values)
    titles = [ax.get_title(loc="left").partition(" ")[0] for ax in fig.axes]
    assert titles == ["image", *(name for name in outputs if name != "flatten")]
    for ax in fig.axes[1:]:
        output = outputs[ax.get_title(loc="left").partition(" ")[0]][0]
        drawn = ax.images[0].get_array()
        expected = mosaic(output, 8) if output.ndim == 3 else output[None]
        np.testing.assert_array_equal(np.ma.filled(drawn, np.nan), expected)


def test_range_of_colors(lenet, image):
    fig = plot.feature_maps(lenet, image, ["conv1", "activation1"])
    (low, high), (zero, top) = (ax.images[0].get_clim() for ax in fig.axes[1:])
    assert -low == high and zero == 0 and top > 0


def test_the_model_is_left_as_it_was(lenet, image):
    lenet.pool1.eval()
    logits = lenet(image[None])
    lenet.backward(np.ones_like(logits))
    before = [(module.training, [id(p.grad) for p in module.parameters()]) for module in lenet.modules()]
    plot.feature_maps(lenet, image)
    after = [(module.training, [id(p.grad) for p in module.parameters()]) for module in lenet.modules()]
    assert after == before
    assert not any(module._after for module in lenet.modules())  # no hook stays
    lenet.backward(np.ones_like(logits))  # what it needs is still there


def test_layers_that_work_in_place_change_no_picture_before_them():
    x = np.array([[[[-1.0, 2.0]]]])
    conv = nn.Conv2d(1, 1, 1, bias=False, dtype=np.float64)
    conv.weight.data[...] = 1
    outputs = layer_outputs(nn.Sequential(nn.Identity(), conv, nn.ReLU(inplace=True)), x)
    assert [output.kind for output in outputs] == ["Conv2d", "ReLU"]
    np.testing.assert_array_equal(np.maximum(outputs[0].output, 0), outputs[1].output)
    assert (outputs[0].output < 0).any()


def test_a_layer_that_is_called_twice_has_two_names():
    relu = nn.ReLU()
    outputs = layer_outputs(nn.Sequential(relu, nn.Conv2d(1, 1, 1), relu), np.ones((1, 1, 2, 2), np.float32))
    assert [output.name for output in outputs] == ["0", "1", "0 (2)"]


def test_parts_of_blocks_are_found():
    names = [o.name for o in layer_outputs(fc.models.resnet20(rng=0), np.zeros((1, 3, 32, 32), np.float32))]
    assert {"conv1", "layer1.0.conv2", "layer3.2.bn2", "fc"} <= set(names)


def test_maps_signals_and_a_single_layer():
    fig = plot.feature_maps(nn.Conv2d(1, 20, 3, rng=0), np.zeros((1, 8, 8), np.float32), max_maps=4)
    assert fig.axes[1].get_title(loc="left") == "Conv2d 20 × 6 × 6, the first 4"
    assert fig.axes[1].images[0].get_array().shape[0] == 6


def test_on_a_part_of_a_figure_of_ones_own(lenet, image, ax):
    part, _ = ax.figure.subfigures(1, 2)
    assert plot.feature_maps(lenet, image, ["conv2"], fig=part) is part and len(part.axes) == 2


def test_errors(lenet, image):
    with pytest.raises(ValueError, match=r"feature_maps: layers must be some of conv1, .*; got"):
        plot.feature_maps(lenet, image, ["conv3"])
    with pytest.raises(ValueError, match=r"feature_maps: image must be one image"):
        plot.feature_maps(lenet, np.zeros((2, 1, 32, 32), np.float32))
    with pytest.raises(TypeError, match="feature_maps: fig must be a matplotlib Figure, got 3"):
        plot.feature_maps(lenet, image, fig=3)
    with pytest.raises(ValueError, match=r"conv2d: .*channels"):
        plot.feature_maps(lenet, np.zeros((3, 32, 32), np.float32))
    assert lenet.training and not any(module._after for module in lenet.modules())


def test_bytes_are_taken_as_in_training(lenet, image):
    pixels = np.rint(image * 255).astype(np.uint8)
    first = plot.feature_maps(lenet, pixels, ["conv1"]).axes[1].images[0].get_array()
    second = plot.feature_maps(lenet, pixels.astype(np.float32) / np.float32(255), ["conv1"]).axes[1].images[0]
    np.testing.assert_array_equal(first, second.get_array())
