"""The NumPy twin against torch, where torch is installed: the semantics are torch's, not ours alone."""

from typing import Any

import numpy as np
import pytest
from grids import CONV2D, DILATED_POOL2D, LOGITS, PAD2D, POOL2D, Conv2d, distinct, normals
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from fastconv import _geometry
from fastconv.reference import numpy as ops

torch = pytest.importorskip("torch")

BEYOND_TORCH = ("constant, only padding left", "constant, crop to nothing")
NEAR = {"rtol": 1e-12, "atol": 1e-12}


def tensors(*arrays: NDArray[Any]) -> list[Any]:
    return [torch.from_numpy(array.copy()) for array in arrays]


def conv2d_in_torch(case: Conv2d, x: Any, w: Any, b: Any) -> Any:
    """Padding of four different amounts is a padding of its own in torch."""
    padding = _geometry.conv2d_geometry("conv2d", *case)[1]
    (top, bottom), (left, right) = padding
    padded = torch.nn.functional.pad(x, (left, right, top, bottom))
    return torch.nn.functional.conv2d(padded, w, b, case.stride, 0, case.dilation, case.groups)


@pytest.mark.parametrize("name", CONV2D)
def test_conv2d(name: str) -> None:
    case = CONV2D[name]
    g = case.geometry()
    shapes = case.input, case.weight, case.weight[:1], case.output()
    x, w, b, dy = (normals(shape, np.float64, rng=i) for i, shape in enumerate(shapes))
    leaves = [t.requires_grad_() for t in tensors(x, w, b)]
    y = conv2d_in_torch(case, *leaves)
    y.backward(torch.from_numpy(dy))
    results = [np.empty_like(a) for a in (dy, x, w, b)]
    ops.conv2d(x, w, b, results[0], g)
    ops.conv2d_grad_input(dy, w, results[1], g)
    ops.conv2d_grad_weight(dy, x, results[2], g)
    ops.conv2d_grad_bias(dy, results[3], g)
    for result, right in zip(results, [y.detach(), *(leaf.grad for leaf in leaves)], strict=True):
        assert_allclose(result, right.numpy(), **NEAR)


# Torch allows padding up to half of the kernel, not of the kernel with its dilation.
MAX_POOL2D = POOL2D | {name: DILATED_POOL2D[name] for name in ("dilation 2", "dilation 2, one pixel around")}
# Torch cannot crop more than the axis, nor to nothing.
PADS = {name: case for name, case in PAD2D.items() if name not in BEYOND_TORCH}


@pytest.mark.parametrize("name", MAX_POOL2D)
def test_max_pool2d(name: str) -> None:
    case = MAX_POOL2D[name]
    x, dy = distinct(case.input, np.float64), normals(case.output(), np.float64)
    y, indices, dx = np.empty_like(dy), np.empty(dy.shape, np.int64), np.empty_like(x)
    ops.max_pool2d(x, y, indices, case.geometry())
    ops.max_pool2d_backward(dy, indices, dx)
    leaf = tensors(x)[0].requires_grad_()
    options = case.kernel_size, case.stride, case.padding, case.dilation, case.ceil_mode
    right, places = torch.nn.functional.max_pool2d(leaf, *options, return_indices=True)
    right.backward(torch.from_numpy(dy))
    assert_array_equal(y, right.detach().numpy())
    assert_array_equal(indices, places.numpy())
    assert_allclose(dx, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("count_include_pad, divisor", [(True, None), (False, None), (True, 3)])
@pytest.mark.parametrize("name", POOL2D)
def test_avg_pool2d(name: str, count_include_pad: bool, divisor: int | None) -> None:
    case = POOL2D[name]
    x, dy = normals(case.input, np.float64), normals(case.output(), np.float64, rng=1)
    y, dx = np.empty_like(dy), np.empty_like(x)
    ops.avg_pool2d(x, y, case.geometry(), count_include_pad, divisor or 0)
    ops.avg_pool2d_backward(dy, dx, case.geometry(), count_include_pad, divisor or 0)
    leaf = tensors(x)[0].requires_grad_()
    options = case.kernel_size, case.stride, case.padding, case.ceil_mode, count_include_pad, divisor
    right = torch.nn.functional.avg_pool2d(leaf, *options)
    right.backward(torch.from_numpy(dy))
    assert_allclose(y, right.detach().numpy(), **NEAR)
    assert_allclose(dx, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("name", PADS)
def test_pad2d(name: str) -> None:
    case = PAD2D[name]
    (top, bottom), (left, right) = case.padding
    x, dy = normals(case.input, np.float64), normals(case.output(), np.float64, rng=1)
    y, dx = np.empty_like(dy), np.empty_like(x)
    ops.pad2d(x, y, case.geometry(), case.mode, 0.0)
    ops.pad2d_backward(dy, dx, case.geometry(), case.mode)
    leaf = tensors(x)[0].requires_grad_()
    padded = torch.nn.functional.pad(leaf, (left, right, top, bottom), case.mode)
    padded.backward(torch.from_numpy(dy))
    assert_array_equal(y, padded.detach().numpy())
    assert_allclose(dx, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh"])
def test_activations(name: str) -> None:
    x, dy = normals((3, 5, 7), np.float64), normals((3, 5, 7), np.float64, rng=1)
    y, dx = np.empty_like(x), np.empty_like(x)
    getattr(ops, name)(x, y)
    getattr(ops, f"{name}_backward")(dy, y, dx)
    leaf = tensors(x)[0].requires_grad_()
    right = getattr(torch, name)(leaf)
    right.backward(torch.from_numpy(dy))
    assert_allclose(y, right.detach().numpy(), **NEAR)
    assert_allclose(dx, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("name", LOGITS)
def test_softmax_cross_entropy(name: str, probabilities: bool, weighted: bool, smoothing: float) -> None:
    outer, classes, inner = shape = LOGITS[name]
    rng = np.random.default_rng(classes)
    z, w = normals(shape, np.float64), rng.random(classes)
    t = rng.random(shape) if probabilities else rng.integers(0, classes, (outer, inner))
    if not probabilities:
        t[::3] = -100
    losses, dz = np.empty((outer, inner)), np.empty_like(z)
    ops.softmax_cross_entropy(z, t, w if weighted else None, losses, dz, -100, smoothing, 1.0, False)
    leaf, tt, tw = tensors(z, t, w)
    leaf.requires_grad_()
    options: dict[str, Any] = {"weight": tw if weighted else None, "label_smoothing": smoothing}
    right = torch.nn.functional.cross_entropy(leaf, tt, reduction="none", **options)
    right.sum().backward()
    assert_allclose(losses, right.detach().numpy(), **NEAR)
    assert_allclose(dz, leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy_with_logits(weighted: bool) -> None:
    shape = (5, 7)
    z, w, pos = (normals(shape, np.float64, rng=i) for i in range(3))
    t = np.random.default_rng(0).random(shape)
    losses, dz = np.empty(shape), np.empty(shape)
    extra = (w, pos) if weighted else (None, None)
    ops.binary_cross_entropy_with_logits(z, t, *extra, losses, dz, 1.0)
    leaf, tt, tw, tpos = tensors(z, t, w, pos)
    leaf.requires_grad_()
    options: dict[str, Any] = {"weight": tw, "pos_weight": tpos} if weighted else {}
    right = torch.nn.functional.binary_cross_entropy_with_logits(leaf, tt, reduction="none", **options)
    right.sum().backward()
    assert_allclose(losses, right.detach().numpy(), **NEAR)
    assert_allclose(dz, leaf.grad.numpy(), **NEAR)
