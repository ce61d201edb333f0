"""Parity with torch, forward and backward, where torch is installed: the same names, options and numbers."""

from typing import Any

import numpy as np
import pytest
from grids import CONV2D, DILATED_POOL2D, PAD2D, POOL2D, Conv2d, Pad2d, Pool2d, distinct, integers, normals

from fastconv import functional as F

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional


def tensor(x: np.ndarray | None, grad: bool = True) -> Any:
    return None if x is None else torch.tensor(x, requires_grad=grad and x.dtype.kind == "f")


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12, equal_nan=True)


CONFIGS = {name: config for name, config in CONV2D.items() if not name.startswith("width") or "7," in name}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_conv2d(config: Conv2d) -> None:
    """Exact, as the data are integers. Padding that torch has no word for is padded before."""
    x, w = integers(config.input, np.float64, rng="x"), integers(config.weight, np.float64, rng="w")
    b, g = integers(config.weight[:1], np.float64, rng="b"), integers(config.output(), np.float64, rng="g")
    tx, tw, tb = tensor(x), tensor(w), tensor(b)
    padding, padded = config.padding, tx
    if not isinstance(padding, int) and np.ndim(padding) == 2:
        (top, bottom), (left, right) = padding
        padding, padded = 0, T.pad(tx, (left, right, top, bottom))
    if padding == "same" and config.stride != 1:
        pytest.skip("torch has no such padding")
    theirs = T.conv2d(padded, tw, tb, config.stride, padding, config.dilation, config.groups)
    theirs.backward(torch.tensor(g))
    assert np.array_equal(F.conv2d(x, w, b, *config[2:]), theirs.detach())
    for ours, t in zip(F.conv2d_backward(g, x, w, *config[2:]), (tx, tw, tb), strict=True):
        assert np.array_equal(ours, t.grad)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, (2, 1), "same"], ids=str)
def test_conv2d_padding_modes(mode: str, padding: Any) -> None:
    x, g = normals((2, 4, 6, 5), np.float64), None
    layer = torch.nn.Conv2d(4, 6, 3, padding=padding, groups=2, padding_mode=mode, dtype=torch.float64)
    w, b = (p.detach().numpy() for p in layer.parameters())
    tx = tensor(x)
    theirs = layer(tx)
    g = normals(theirs.shape, np.float64, rng="g")
    theirs.backward(torch.tensor(g))
    options = {"padding": padding, "groups": 2, "padding_mode": mode}
    close(F.conv2d(x, w, b, **options), theirs)
    gradients = (tx.grad, layer.weight.grad, layer.bias.grad)
    for ours, gradient in zip(F.conv2d_backward(g, x, w, **options), gradients, strict=True):
        close(ours, gradient)


@pytest.mark.parametrize("config", PAD2D.values(), ids=PAD2D)
def test_pad2d(config: Pad2d) -> None:
    if 0 in config.input[2:] or (config.mode != "constant" and 0 in config.input):
        pytest.skip("torch refuses")
    (top, bottom), (left, right) = config.padding
    if min(*config.padding[0], 0) < -config.input[2] or min(*config.padding[1], 0) < -config.input[3]:
        pytest.skip("torch cannot crop more than there is, and pad on the other side")
    x, g = integers(config.input, np.float64), integers(config.output(), np.float64, rng="g")
    tx = tensor(x)
    theirs = T.pad(tx, (left, right, top, bottom), config.mode, 3 if config.mode == "constant" else None)
    theirs.backward(torch.tensor(g))
    ours = F.pad2d(x, config.padding, config.mode, 3 if config.mode == "constant" else 0)
    assert np.array_equal(ours, theirs.detach())
    assert np.array_equal(F.pad2d_backward(g, x.shape, config.padding, config.mode), tx.grad)


POOLS = {**POOL2D, **DILATED_POOL2D}


@pytest.mark.parametrize("config", POOLS.values(), ids=POOLS)
def test_max_pool2d(config: Pool2d) -> None:
    if np.any(2 * np.array(config.padding) > config.kernel_size):
        pytest.skip("torch does not count the dilation when it limits the padding")
    x, g = distinct(config.input, np.float64), integers(config.output(), np.float64, rng="g")
    tx = tensor(x)
    values, indices = T.max_pool2d(tx, *config[1:], return_indices=True)
    ours, places = F.max_pool2d(x, *config[1:], True)
    assert np.array_equal(ours, values.detach())
    inside = np.isfinite(ours)
    assert np.array_equal(places[inside], indices.numpy()[inside])
    assert (places[~inside] == -1).all()
    if inside.all():  # torch writes out of range otherwise
        values.backward(torch.tensor(g))
        assert np.array_equal(F.max_pool2d_backward(g, places, x.shape), tx.grad)


@pytest.mark.parametrize("config", POOL2D.values(), ids=POOL2D)
@pytest.mark.parametrize("more", [(True, None), (False, None), (True, 3)], ids=["include", "exclude", "divisor 3"])
def test_avg_pool2d(config: Pool2d, more: tuple[bool, int | None]) -> None:
    x, g = normals(config.input, np.float64), normals(config.output(), np.float64, rng="g")
    options = (*config[1:4], config.ceil_mode, *more)
    tx = tensor(x)
    theirs = T.avg_pool2d(tx, *options)
    theirs.backward(torch.tensor(g))
    close(F.avg_pool2d(x, *options), theirs)
    close(F.avg_pool2d_backward(g, x.shape, *options), tx.grad)


@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 3, 5), (0, 5)], ids=str)
def test_linear(shape: tuple[int, ...]) -> None:
    x, w, b = normals(shape, np.float64), normals((4, 5), np.float64), normals((4,), np.float64)
    tx, tw, tb = tensor(x), tensor(w), tensor(b)
    theirs = T.linear(tx, tw, tb)
    g = normals(theirs.shape, np.float64, rng="g")
    theirs.backward(torch.tensor(g))
    close(F.linear(x, w, b), theirs)
    for ours, t in zip(F.linear_backward(g, x, w), (tx, tw, tb), strict=True):
        close(ours, t.grad)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh"])
def test_activations(name: str) -> None:
    x = np.concatenate([normals((50,), np.float64) * 5, [0.0, 1e4, -1e4, np.inf, -np.inf, np.nan]])
    tx = tensor(x)
    theirs = getattr(torch, name)(tx)
    theirs.backward(torch.ones(56, dtype=torch.float64))
    y = getattr(F, name)(x)
    close(y, theirs)
    known = ~np.isnan(x)
    close(getattr(F, f"{name}_backward")(np.ones(56), y)[known], tx.grad[known])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weight", [None, (1.0, 2.0, 0.5, 0.0), (0.0, 0.0, 0.0, 0.0), (1.0, np.nan, 1.0, 2.0)], ids=str)
@pytest.mark.parametrize("ignore_index", [-100, 2])
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2), (2, 4, 3, 2), (4,), (0, 4)], ids=str)
@pytest.mark.parametrize("kind", ["ids", "probabilities"])
def test_cross_entropy(
    reduction: str, smoothing: float, weight: Any, ignore_index: int, shape: tuple[int, ...], kind: str
) -> None:
    z = normals(shape, np.float64)
    axis = min(len(shape) - 1, 1)
    rest = shape[:axis] + shape[axis + 1 :]
    w = None if weight is None else np.array(weight)
    if kind == "ids":
        target = np.array(np.random.default_rng(1).integers(0, 4, rest))
    elif ignore_index >= 0:
        pytest.skip("refused by both")
    else:
        target = abs(normals(shape, np.float64, rng="t"))
    options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": smoothing}
    tz = tensor(z)
    theirs = T.cross_entropy(tz, tensor(target, False), tensor(w, False), **options)
    theirs.sum().backward()
    loss, grad = F.softmax_cross_entropy(z, target, w, **options)
    close(loss, theirs)
    expected = tz.grad.numpy()
    if kind == "ids" and np.any(target == ignore_index):
        # What is ignored has no gradient here. In torch it has 0 times the weights, which may be NaN.
        expected.swapaxes(0, axis)[:, target == ignore_index] = 0
    close(grad, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(6, 4), (4,), (2, 3, 4), (0, 4)], ids=str)
def test_binary_cross_entropy_with_logits(reduction: str, weighted: bool, shape: tuple[int, ...]) -> None:
    z = 3 * normals(shape, np.float64)
    target = abs(normals(shape, np.float64, rng="t"))
    w, p = (abs(normals((4,), np.float64, rng=key)) if weighted else None for key in "wp")
    tz = tensor(z)
    theirs = T.binary_cross_entropy_with_logits(
        tz, torch.tensor(target), tensor(w, False), reduction=reduction, pos_weight=tensor(p, False)
    )
    theirs.sum().backward()
    close(F.binary_cross_entropy_with_logits(z, target, w, reduction, p), theirs)
    upstream = np.ones(shape) if reduction == "none" else 1.0
    close(F.binary_cross_entropy_with_logits_backward(upstream, z, target, w, reduction, p), tz.grad)


@pytest.mark.parametrize("name", [name for name in F.__all__ if "_backward" not in name and hasattr(T, name)])
def test_positional_order(name: str) -> None:
    """Our positional parameters are the first of torch's, in its order, but for those that torch has given up."""
    import inspect

    retired = {"size_average", "reduce"}
    ours = [p.name for p in inspect.signature(getattr(F, name)).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    try:
        theirs = [p for p in inspect.signature(getattr(T, name)).parameters if p not in retired]
    except ValueError:
        pytest.skip("a builtin without a signature")
    if theirs == ["args", "kwargs"]:
        pytest.skip("dispatched")
    same = {"logits": "input"}
    assert [same.get(p, p) for p in ours] == theirs[: len(ours)]
