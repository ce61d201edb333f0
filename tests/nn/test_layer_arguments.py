"""Constructors refuse what can never work, and say which argument it is."""

import numpy as np
import pytest

from fastconv import nn

IMPOSSIBLE = [
    (ValueError, "in_channels", lambda: nn.Conv2d(0, 1, 1)),
    (TypeError, "in_channels", lambda: nn.Conv2d(1.0, 1, 1)),
    (ValueError, "out_channels", lambda: nn.Conv2d(1, -1, 1)),
    (TypeError, "out_channels", lambda: nn.Conv2d(1, True, 1)),
    (ValueError, "kernel_size", lambda: nn.Conv2d(1, 1, 0)),
    (ValueError, "kernel_size", lambda: nn.Conv2d(1, 1, (1, 2, 3))),
    (TypeError, "kernel_size", lambda: nn.Conv2d(1, 1, "3")),
    (ValueError, "stride", lambda: nn.Conv2d(1, 1, 1, stride=(0, 1))),
    (ValueError, "stride", lambda: nn.Conv2d(1, 1, 1, stride=2**70)),
    (TypeError, "stride", lambda: nn.Conv2d(1, 1, 1, stride=2.0)),
    (ValueError, "padding", lambda: nn.Conv2d(1, 1, 1, padding=-1)),
    (ValueError, "padding", lambda: nn.Conv2d(1, 1, 1, padding="SAME")),
    (TypeError, "padding", lambda: nn.Conv2d(1, 1, 1, padding=None)),
    (TypeError, "padding", lambda: nn.Conv2d(1, 1, 1, padding=b"same")),
    (ValueError, "dilation", lambda: nn.Conv2d(1, 1, 1, dilation=0)),
    (ValueError, "groups", lambda: nn.Conv2d(1, 1, 1, groups=0)),
    (ValueError, "groups", lambda: nn.Conv2d(4, 6, 1, groups=4)),
    (ValueError, "groups", lambda: nn.Conv2d(3, 4, 1, groups=2)),
    (ValueError, "padding_mode", lambda: nn.Conv2d(1, 1, 1, padding_mode="mirror")),
    (TypeError, "padding_mode", lambda: nn.Conv2d(1, 1, 1, padding_mode=None)),
    (TypeError, "dtype", lambda: nn.Conv2d(1, 1, 1, dtype=np.float16)),
    (TypeError, "dtype", lambda: nn.Conv2d(1, 1, 1, dtype="nonsense")),
    (TypeError, "rng", lambda: nn.Conv2d(1, 1, 1, rng=0.5)),
    (TypeError, "rng", lambda: nn.Conv2d(1, 1, 1, rng=True)),
    (ValueError, "rng", lambda: nn.Conv2d(1, 1, 1, rng=-1)),
    (ValueError, "Conv1d: kernel_size must be one int", lambda: nn.Conv1d(1, 1, (3, 3))),
    (ValueError, "Conv1d: padding", lambda: nn.Conv1d(1, 1, 3, padding=(1, 1))),
    (ValueError, "Conv1d: padding", lambda: nn.Conv1d(1, 1, 3, padding="full")),
    (TypeError, "Conv1d: stride", lambda: nn.Conv1d(1, 1, 3, stride=1.0)),
    (ValueError, "ConvTranspose2d: groups", lambda: nn.ConvTranspose2d(4, 6, 1, groups=4)),
    (ValueError, "ConvTranspose2d: output_padding", lambda: nn.ConvTranspose2d(1, 1, 3, output_padding=-1)),
    (ValueError, "ConvTranspose2d: output_padding", lambda: nn.ConvTranspose2d(1, 1, 3, 2, output_padding=(0, 2))),
    (TypeError, "ConvTranspose2d: padding", lambda: nn.ConvTranspose2d(1, 1, 3, padding="same")),
    (ValueError, "ConvTranspose2d: padding_mode", lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect")),
    (ValueError, "ConvTranspose1d: dilation", lambda: nn.ConvTranspose1d(1, 1, 3, dilation=0)),
    (ValueError, "in_features", lambda: nn.Linear(-1, 1)),
    (TypeError, "out_features", lambda: nn.Linear(1, None)),
    (TypeError, "dtype", lambda: nn.Linear(1, 1, dtype=int)),
    (TypeError, "rng", lambda: nn.Linear(1, 1, rng="0")),
    (ValueError, "kernel_size", lambda: nn.MaxPool2d(0)),
    (ValueError, "stride", lambda: nn.MaxPool2d(2, 0)),
    (ValueError, "padding", lambda: nn.MaxPool2d(2, 2, -1)),
    (ValueError, "dilation", lambda: nn.MaxPool2d(2, 2, 0, (1, 0))),
    (ValueError, "MaxPool1d: kernel_size", lambda: nn.MaxPool1d((2, 2))),
    (ValueError, "MaxPool1d: dilation", lambda: nn.MaxPool1d(2, dilation=0)),
    (TypeError, "AvgPool1d: stride", lambda: nn.AvgPool1d(2, 1.5)),
    (ValueError, "AdaptiveAvgPool2d: output_size", lambda: nn.AdaptiveAvgPool2d((0, None))),
    (TypeError, "AdaptiveMaxPool2d: output_size", lambda: nn.AdaptiveMaxPool2d(None)),
    (ValueError, "MaxUnpool2d: stride", lambda: nn.MaxUnpool2d(2, 0)),
    (TypeError, "kernel_size", lambda: nn.AvgPool2d(None)),
    (TypeError, "stride", lambda: nn.AvgPool2d(2, 1.5)),
    (ValueError, "divisor_override", lambda: nn.AvgPool2d(2, divisor_override=0)),
    (TypeError, "divisor_override", lambda: nn.AvgPool2d(2, divisor_override=1.5)),
    (ValueError, "padding", lambda: nn.ZeroPad2d((1, 2))),
    (TypeError, "padding", lambda: nn.ZeroPad2d(1.0)),
    (TypeError, "padding", lambda: nn.ConstantPad2d((1, 2, 3, None), 0.0)),
    (TypeError, "value", lambda: nn.ConstantPad2d(1, "a")),
    (ValueError, "padding", lambda: nn.ReflectionPad2d(-1)),
    (ValueError, "padding", lambda: nn.ReplicationPad2d((1, 1, -1, 1))),
    (ValueError, "padding", lambda: nn.CircularPad2d(2**40)),
    (TypeError, "negative_slope", lambda: nn.LeakyReLU("0.1")),
    (TypeError, "alpha", lambda: nn.ELU(None)),
    (ValueError, "approximate", lambda: nn.GELU("erf")),
    (TypeError, "approximate", lambda: nn.GELU(True)),
    (ValueError, "beta", lambda: nn.Softplus(0)),
    (TypeError, "threshold", lambda: nn.Softplus(1.0, "20")),
    (ValueError, "min_val", lambda: nn.Hardtanh(1.0, 1.0)),
    (TypeError, "max_val", lambda: nn.Hardtanh(0.0, None)),
    (TypeError, "dim", lambda: nn.Softmax(1.0)),
    (TypeError, "dim", lambda: nn.LogSoftmax("1")),
    (ValueError, "dim", lambda: nn.Softmax(64)),
    (ValueError, "dim", lambda: nn.LogSoftmax(2)(np.ones((2, 2)))),
    (TypeError, "start_dim", lambda: nn.Flatten(1.0)),
    (TypeError, "end_dim", lambda: nn.Flatten(1, None)),
    (ValueError, "start_dim", lambda: nn.Flatten(2)(np.ones((2, 2)))),
    (ValueError, "end_dim", lambda: nn.Flatten(1, 0)(np.ones((2, 2)))),
    (TypeError, "input", lambda: nn.Flatten()([[1.0]])),
    (TypeError, "input", lambda: nn.Flatten()(np.ones((2, 2), int))),
    (ValueError, "scale_factor", lambda: nn.Upsample(0)),
    (TypeError, "scale_factor", lambda: nn.Upsample(1.5)),
    (TypeError, "scale_factor", lambda: nn.Upsample(None)),
    (ValueError, "mode", lambda: nn.Upsample(2, "bilinear")),
    (ValueError, "input", lambda: nn.Upsample(2)(np.ones((2, 2, 2)))),
    (ValueError, "scale_factor", lambda: nn.Upsample(2**31 - 1)(np.ones((1, 1, 1, 1)))),
    (TypeError, "dim", lambda: nn.Unflatten(1.0, (2, 2))),
    (TypeError, "unflattened_size", lambda: nn.Unflatten(1, 4)),
    (TypeError, "unflattened_size", lambda: nn.Unflatten(1, (2, 2.0))),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, ())),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, (-1, -1))),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, (2, -2))),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, (2, 3))(np.ones((2, 4)))),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, (3, -1))(np.ones((2, 4)))),
    (ValueError, "unflattened_size", lambda: nn.Unflatten(1, (0, -1))(np.ones((2, 4)))),
    (ValueError, "dim", lambda: nn.Unflatten(2, (2, 2))(np.ones((2, 4)))),
]


@pytest.mark.parametrize(("kind", "argument", "call"), IMPOSSIBLE)
def test_impossible(kind, argument, call):
    with pytest.raises(kind, match=argument) as error:
        call()
    assert type(error.value) is kind


def test_possible():
    assert nn.Conv2d(1, 1, np.int64(3), stride=[2], padding=[1, 2]).stride == (2, 2)
    assert nn.Conv2d(1, 1, 3, padding=((1, 2), (0, 1))).padding == ((1, 2), (0, 1))
    assert nn.Conv2d(1, 1, 3, padding=((1, 1), (2, 2))).padding == (1, 2)
    assert nn.Conv2d(1, 1, 3, dtype=None).weight.dtype == np.float32
    assert nn.Conv2d(1, 1, 3, dtype="float64").weight.dtype == np.float64
    assert nn.Linear(0, 2)(np.ones((3, 0), np.float32)).shape == (3, 2)
    assert nn.ZeroPad2d([1, 2, 3, 4]).padding == (1, 2, 3, 4)


def test_asymmetric_padding():
    conv = nn.Conv2d(1, 1, 1, padding=((1, 2), (0, 3)), rng=0)
    assert conv(np.ones((1, 1, 2, 2), np.float32)).shape == (1, 1, 5, 5)
    assert repr(conv).endswith("padding=((1, 2), (0, 3)))")


@pytest.mark.parametrize(
    "layer", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.ReLU6, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish]
)
def test_inplace_changes_nothing(layer):
    image = np.linspace(-4, 4, 9)
    before = image.copy()
    output = layer(inplace=True)(image)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(output, layer()(image))


def test_return_indices():
    pool = nn.MaxPool2d(2, return_indices=True)
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    for mode in (True, False):
        output, indices = pool.train(mode)(image)
        assert output.ravel().tolist() == indices.ravel().tolist() == [5, 7, 13, 15]
