"""Parity of transposed and 1-D convolution with torch, forward and backward, over all options."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from grids import normals
from transposed import TRANSPOSED, Transposed

from fastconv import functional as F

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional

NEAR = {"rtol": 1e-12, "atol": 1e-12}


def compare(ours: Any, gradients: Any, theirs: Any, shapes: Any, options: dict[str, Any]) -> None:
    """Forward with bias, then the gradients of input, weight and bias."""
    x, w, b = (normals(shape, np.float64, rng=i) for i, shape in enumerate(shapes))
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    y = theirs(*leaves, **options)
    np.testing.assert_allclose(ours(x, w, b, **options), y.detach().numpy(), **NEAR)
    g = normals(y.shape, np.float64, rng="g")
    y.backward(torch.tensor(g))
    for gradient, leaf in zip(gradients(g, x, w, **options), leaves, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_conv_transpose2d(case: Transposed) -> None:
    names = ("stride", "padding", "output_padding", "groups", "dilation")
    shapes = case.input, case.weight, case.output()[1:2]
    options = dict(zip(names, case[2:], strict=True))
    compare(F.conv_transpose2d, F.conv_transpose2d_backward, T.conv_transpose2d, shapes, options)


OPTIONS = [
    {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for stride, padding, dilation, groups in product((1, 2, 3), (0, 1, 2), (1, 2, 3), (1, 2, 4))
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_combination(options: dict[str, Any]) -> None:
    groups = options["groups"]
    for more in range(max(options["stride"], options["dilation"])):
        shapes = (2, 4, 5, 4), (4, 8 // groups, 3, 4), (8,)
        extra = {**options, "output_padding": more}
        compare(F.conv_transpose2d, F.conv_transpose2d_backward, T.conv_transpose2d, shapes, extra)
        line = (2, 4, 5), (4, 8 // groups, 4), (8,)
        compare(F.conv_transpose1d, F.conv_transpose1d_backward, T.conv_transpose1d, line, extra)
    signal = (2, 4, 11), (8, 4 // groups, 4), (8,)
    compare(F.conv1d, F.conv1d_backward, T.conv1d, signal, options)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [0, 3, "same", "valid"])
@pytest.mark.parametrize("taps", [3, 4])
def test_conv1d_padding(mode: str, padding: Any, taps: int) -> None:
    layer = torch.nn.Conv1d(4, 6, taps, padding=padding, groups=2, padding_mode=mode, dtype=torch.float64)
    w, b = (p.detach().numpy() for p in layer.parameters())
    x = normals((2, 4, 9), np.float64)
    leaf = torch.tensor(x, requires_grad=True)
    y = layer(leaf)
    options = {"padding": padding, "groups": 2, "padding_mode": mode}
    np.testing.assert_allclose(F.conv1d(x, w, b, **options), y.detach().numpy(), **NEAR)
    g = normals(y.shape, np.float64, rng="g")
    y.backward(torch.tensor(g))
    rights = (leaf.grad, layer.weight.grad, layer.bias.grad)
    for gradient, right in zip(F.conv1d_backward(g, x, w, **options), rights, strict=True):
        np.testing.assert_allclose(gradient, right.numpy(), **NEAR)


def test_one_image() -> None:
    compare(
        F.conv_transpose2d, F.conv_transpose2d_backward, T.conv_transpose2d,
        ((3, 5, 6), (3, 4, 3, 2), (4,)), {"stride": (2, 3), "output_padding": (1, 2)},
    )  # fmt: skip
    compare(F.conv1d, F.conv1d_backward, T.conv1d, ((3, 8), (4, 3, 2), (4,)), {"stride": 2})
