"""G16: every gradient against central differences in float64, over options, on every backend."""

from typing import Any

import numpy as np
import pytest
from grids import distinct, normals

from fastconv import functional as F
from fastconv.testing import gradcheck


def real(*shape: int) -> np.ndarray:
    return normals(shape, np.float64, rng=shape)


def pixels(*shape: int) -> np.ndarray:
    return distinct(shape, np.float64)


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 2},
        {"groups": 2, "stride": (2, 1), "padding": ((1, 0), (0, 2))},
        {"groups": 2, "padding": "same", "dilation": (1, 2)},
        {"groups": 2, "padding": "same", "stride": 2},
        {"groups": 2, "padding": 4},
        {"groups": 2, "padding": (1, 2), "padding_mode": "reflect"},
        {"groups": 2, "padding": ((0, 5), (1, 0)), "padding_mode": "replicate"},
        {"groups": 2, "padding": "same", "padding_mode": "circular"},
    ],
    ids=str,
)
def test_conv2d(options: dict[str, Any], backend: str) -> None:
    """G09, G20."""
    assert gradcheck(F.conv2d, real(2, 2, 4, 3), real(2, 1, 3, 2), real(2), **options)
    assert gradcheck(F.conv2d, real(2, 4, 3), real(2, 1, 3, 2), **options)


def test_conv2d_kernel_larger_than_image(backend: str) -> None:
    """G09."""
    assert gradcheck(F.conv2d, real(1, 2, 2, 3), real(2, 2, 4, 5), padding=1)


@pytest.mark.parametrize(
    ("padding", "mode"),
    [
        (1, "constant"),
        (((1, -1), (-2, 3)), "constant"),
        ((2, 1), "reflect"),
        (((0, 3), (5, 1)), "replicate"),
        ((3, 4), "circular"),
    ],
)
def test_pad2d(padding: Any, mode: str, backend: str) -> None:
    assert gradcheck(F.pad2d, real(2, 1, 3, 4), padding, mode)
    assert gradcheck(F.pad2d, real(3, 4), padding, mode)


@pytest.mark.parametrize(
    "options",
    [(2,), (3, 1, 1), ((3, 2), (2, 1), (1, 0), (1, 2)), (3, 2, 0, 1, True), (2, 3, 1, 3)],
    ids=str,
)
def test_max_pool2d(options: tuple[Any, ...], backend: str) -> None:
    """G13 without the NaN; overlapping, dilated and overhanging windows."""
    assert gradcheck(F.max_pool2d, pixels(1, 2, 5, 6), *options)
    assert gradcheck(F.max_pool2d, pixels(2, 5, 6), *options)


@pytest.mark.parametrize(
    "options",
    [(2,), (3, 1, 1), ((3, 2), (2, 1), (1, 0), True, False), (3, 2, 0, True), (3, 2, 1, True, True, 5)],
    ids=str,
)
def test_avg_pool2d(options: tuple[Any, ...], backend: str) -> None:
    """G15."""
    assert gradcheck(F.avg_pool2d, pixels(1, 2, 5, 6), *options)
    assert gradcheck(F.avg_pool2d, pixels(2, 5, 6), *options)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 3)], ids=str)
def test_linear(shape: tuple[int, ...], backend: str) -> None:
    assert gradcheck(F.linear, real(*shape), real(4, 3), real(4))


@pytest.mark.parametrize("function", [F.relu, F.sigmoid, F.tanh])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)], ids=str)
def test_activations(function: Any, shape: tuple[int, ...], backend: str) -> None:
    assert gradcheck(function, real(*shape))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(reduction: str, smoothing: float, weighted: bool, backend: str) -> None:
    options = {"reduction": reduction, "label_smoothing": smoothing, "weight": abs(real(5)) if weighted else None}
    logits = real(3, 5, 2)
    ids = np.array([[0, 4], [2, -100], [1, 1]])
    probabilities = abs(real(3, 5, 2))
    assert gradcheck(F.cross_entropy, logits, ids, **options)
    assert gradcheck(F.cross_entropy, logits, ids, **options, ignore_index=-100)
    assert gradcheck(F.cross_entropy, logits[:, :, 0], np.array([0, 1, 4]), **options, ignore_index=1)
    assert gradcheck(F.cross_entropy, logits, probabilities, **options)
    assert gradcheck(F.cross_entropy, logits[0, :, 0], np.array(3), **options)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy_with_logits(reduction: str, weighted: bool, backend: str) -> None:
    options = {"weight": abs(real(3, 1)), "pos_weight": abs(real(4))} if weighted else {}
    target = np.array([[0.0, 1, 0.3, 1], [1, 0, 0, 0.5], [1, 1, 1, 0]])
    assert gradcheck(F.binary_cross_entropy_with_logits, real(3, 4), target, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_softmax_cross_entropy_is_cross_entropy_and_its_gradient(reduction: str, backend: str) -> None:
    logits, target = real(4, 5, 2), np.array([[0, 4], [2, 1], [1, 1], [3, 0]])
    arguments = (logits, target, abs(real(5)), 1, reduction, 0.1)
    loss, grad = F.softmax_cross_entropy(*arguments)
    assert np.array_equal(loss, F.cross_entropy(*arguments))
    upstream = np.ones((4, 2)) if reduction == "none" else 1.0
    assert np.array_equal(grad, F.cross_entropy_backward(upstream, *arguments))
