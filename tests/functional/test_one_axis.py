"""conv1d, max_pool1d and avg_pool1d: those of images of one row, and errors that speak of one axis."""

from typing import Any

import numpy as np
import pytest
from grids import distinct, integers, normals

from fastconv import functional as F
from fastconv.testing import gradcheck

from .calls import same_bits

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "stride": {"stride": 2},
    "padding": {"padding": 3},
    "dilation": {"dilation": 3, "padding": 1},
    "groups": {"groups": 2},
    "depthwise": {"groups": 4, "padding": 1, "stride": 2},
    "same": {"padding": "same"},
    "same, stride": {"padding": "same", "stride": 3, "dilation": 2},
    "valid": {"padding": "valid"},
    "reflect": {"padding": 2, "padding_mode": "reflect"},
    "replicate": {"padding": 5, "padding_mode": "replicate", "stride": 2},
    "circular, same": {"padding": "same", "padding_mode": "circular"},
}


def as_images(options: dict[str, Any]) -> dict[str, Any]:
    """The options of the same operation on images of one row."""
    low = {"stride": 1, "dilation": 1, "kernel_size": 1, "padding": 0}
    return {
        key: (low[key], value) if key in low and isinstance(value, int) else value for key, value in options.items()
    }


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("length", [7, 8, 33])
def test_conv1d_is_one_row(name: str, length: int, backend: str) -> None:
    options = CONVOLUTIONS[name]
    x, w = integers((2, 4, length), rng=length), integers((8, 4 // options.get("groups", 1), 3), rng="w")
    b = integers((8,), rng="b")
    y = F.conv1d(x, w, b, **options)
    images, kernels = x[:, :, None], w[:, :, None]
    assert same_bits(y, F.conv2d(images, kernels, b, **as_images(options))[:, :, 0])
    assert same_bits(F.conv1d(x[1], w, b, **options), y[1])
    g = integers(y.shape, rng="g")
    whole = F.conv2d_backward(g[:, :, None], images, kernels, **as_images(options))
    for part, right in zip(F.conv1d_backward(g, x, w, **options), whole, strict=True):
        assert part is not None and right is not None and same_bits(part, right.reshape(part.shape))
    alone = F.conv1d_backward(g[0], x[0], w, **options)[0]
    assert alone is not None and whole[0] is not None and same_bits(alone, whole[0][0, :, 0])


POOLS: dict[str, dict[str, Any]] = {
    "2": {"kernel_size": 2},
    "3, stride 2, padding 1": {"kernel_size": 3, "stride": 2, "padding": 1},
    "3, stride 1": {"kernel_size": 3, "stride": 1},
    "4, stride 3, ceil": {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
    "whole signal": {"kernel_size": 9},
}


@pytest.mark.parametrize("name", POOLS)
def test_max_pool1d_is_one_row(name: str, backend: str) -> None:
    for more in ({}, {"dilation": 2}):
        options = {**POOLS[name], **more}
        x = distinct((2, 3, 18), rng=name)
        y, indices = F.max_pool1d(x, **options, return_indices=True)
        assert same_bits(y, F.max_pool1d(x, **options))
        right, places = F.max_pool2d(x[:, :, None], **as_images(options), return_indices=True)
        assert same_bits(y, right[:, :, 0]) and same_bits(indices, places[:, :, 0])
        assert np.array_equal(np.take_along_axis(x, indices, 2), y)
        g = integers(y.shape, rng=name)
        grad_input = F.max_pool1d_backward(g, indices, x.shape)
        assert same_bits(grad_input, F.max_pool2d_backward(g[:, :, None], places, (2, 3, 1, 18))[:, :, 0])
        assert same_bits(grad_input[0], F.max_pool1d_backward(g[0], indices[0], x.shape[1:]))


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("include", [True, False])
def test_avg_pool1d_is_one_row(name: str, include: bool, backend: str) -> None:
    options = {**POOLS[name], "count_include_pad": include}
    x = integers((2, 3, 18), rng=name)
    y = F.avg_pool1d(x, **options)
    assert same_bits(y, F.avg_pool2d(x[:, :, None], **as_images(options))[:, :, 0])
    assert same_bits(y[1], F.avg_pool1d(x[1], **options))
    g = integers(y.shape, rng=(name, "g"))
    right = F.avg_pool2d_backward(g[:, :, None], (2, 3, 1, 18), **as_images(options))[:, :, 0]
    assert same_bits(F.avg_pool1d_backward(g, x.shape, **options), right)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_gradients_of_conv1d(name: str, backend: str) -> None:
    options = CONVOLUTIONS[name]
    x, w, b = (normals(s, np.float64, rng=s) for s in ((2, 4, 7), (4, 4 // options.get("groups", 1), 3), (4,)))
    assert gradcheck(F.conv1d, x, w, b, **options)
    assert gradcheck(F.conv1d, x[0], w, **options)


@pytest.mark.parametrize("name", POOLS)
def test_gradients_of_pooling(name: str, backend: str) -> None:
    x = distinct((2, 2, 9), np.float64)
    assert gradcheck(F.max_pool1d, x, **POOLS[name])
    assert gradcheck(F.avg_pool1d, x[0], **POOLS[name], count_include_pad=False)


X, W = np.zeros((2, 4, 9), np.float32), np.zeros((4, 4, 3), np.float32)
REFUSED: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (F.conv1d, (X, W[..., None]), {}, r"weight must be 3-D, \(out_channels, in_channels / groups, length\), got 4-D"),
    (F.conv1d, (X[..., None], W), {}, r"input must be 2-D or 3-D, \(C, L\) or \(N, C, L\), got 4-D"),
    (F.conv1d, (X, W), {"dilation": 5}, r"the kernel 3 of weight with dilation 5 spans 11 pixels, .* input, 9"),
    (F.conv1d, (X, W), {"stride": (1, 1)}, "stride must be one int, got 2"),
    (F.conv1d, (X, W), {"padding": (1, 2)}, "padding must be one int, got 2"),
    (F.conv1d, (X, W), {"padding": "full"}, 'padding must be "same", "valid", or an int, got'),
    (F.conv1d, (X, W), {"padding": 9, "padding_mode": "reflect"}, r".*mode \"reflect\", got \(9, 9\) for axis 2 of 9"),
    (F.conv1d, (X, W), {"algorithm": "winograd"}, "algorithm 'winograd' needs a 3x3 kernel"),
    (F.max_pool1d, (X, 12), {}, "output size is too small: kernel_size 12 with dilation 1 spans 12, the padded .* 9"),
    (F.max_pool1d, (X, 3), {"padding": 2}, "padding must be at most half the kernel's span, got padding 2 for kernel"),
    (F.max_pool1d, (X, (2, 2)), {}, "kernel_size must be one int, got 2"),
    (F.max_pool1d_backward, (X, np.full(X.shape, 9), (2, 4, 9)), {}, r"indices\[0, 0, 0\] = 9 is not in \[-1, 9\)"),
    (F.max_pool1d_backward, (X, np.full(X.shape, 9), (3, 4, 9)), {}, "grad_output must .* at least one element"),
    (F.max_pool1d_backward, (X, np.full(X.shape, 9), (2, 4, 1, 9)), {}, "input_shape must be 2-D or 3-D"),
    (F.avg_pool1d, (X, 3), {"stride": 0}, "stride must be >= 1, got 0"),
    (F.avg_pool1d_backward, (X, (2, 4, 9), 2), {}, r"grad_output must have shape \(2, 4, 4\)"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "text"), REFUSED, ids=str)
def test_errors_speak_of_one_axis(function: Any, arguments: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=rf"^{function.__name__}: {text}"):
        function(*arguments, **options)


def test_a_sequence_of_one_will_do() -> None:
    x, w = integers((2, 4, 9)), integers((4, 4, 3))
    expected = F.conv1d(x, w, stride=2, padding=1, dilation=1)
    assert same_bits(F.conv1d(x, w, stride=(2,), padding=[1], dilation=(np.int64(1),)), expected)  # type: ignore[arg-type]
