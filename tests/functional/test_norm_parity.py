"""Batch, group and layer normalisation against torch, forward and backward, over shapes and options."""

from typing import Any

import numpy as np
import pytest
from grids import normals

from fastconv import functional as F
from fastconv.testing import gradcheck

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional

SHAPES = [(3, 4, 5, 6), (8, 4), (5, 6, 3), (2, 4, 25, 25), (40, 6, 1, 1), (2, 6, 4, 4, 3), (3, 6, 15), (3, 4, 600)]
AFFINE = [("w", "b"), ("w", ""), ("", "b"), ("", "")]


def values(shape: tuple[int, ...], word: str) -> np.ndarray:
    return 2 + 3 * normals(shape, np.float64, rng=(word, shape))


def compare(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)


def tensors(*arrays: np.ndarray | None) -> list[Any]:
    return [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]


@pytest.mark.parametrize("eps", [1e-5, 0.5])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", AFFINE, ids="".join)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm(shape: tuple[int, ...], affine: tuple[str, str], training: bool, eps: float) -> None:
    x, w, b = values(shape, "x"), *(values(shape[1:2], word) if word else None for word in affine)
    mean, var = values(shape[1:2], "mean"), abs(values(shape[1:2], "var")) + 0.1
    their_mean, their_var = torch.tensor(mean), torch.tensor(var)
    tx, tw, tb = tensors(x, w, b)
    theirs = T.batch_norm(tx, their_mean, their_var, tw, tb, training, 0.3, eps)
    compare(F.batch_norm(x, mean, var, w, b, training, 0.3, eps), theirs)
    compare(mean, their_mean)
    compare(var, their_var)
    g = values(shape, "g")
    theirs.backward(torch.tensor(g))
    for ours, t in zip(F.batch_norm_backward(g, x, mean, var, w, training, eps), (tx, tw, tb), strict=True):
        if t is not None:
            compare(ours, t.grad)
    if training:
        compare(F.batch_norm(x, None, None, w, b, True, eps=eps), theirs)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_group_norm(shape: tuple[int, ...]) -> None:
    for groups in (1, 2, shape[1] // 2, shape[1]):
        if shape[1:] == (groups,):
            continue  # one value in a group: its gradient is 0 or rounding
        for affine in (("w", "b"), ("", "")):  # torch knows no gradient of a bias without a weight
            x, w, b = values(shape, "x"), *(values(shape[1:2], word) if word else None for word in affine)
            tx, tw, tb = tensors(x, w, b)
            theirs = T.group_norm(tx, groups, tw, tb, 1e-3)
            compare(F.group_norm(x, groups, w, b, 1e-3), theirs)
            g = values(shape, "g")
            theirs.backward(torch.tensor(g))
            for ours, t in zip(F.group_norm_backward(g, x, groups, w, 1e-3), (tx, tw, tb), strict=True):
                if t is not None:
                    compare(ours, t.grad)


@pytest.mark.parametrize("shape", [*SHAPES, (300, 17), (7,)], ids=str)
def test_layer_norm(shape: tuple[int, ...]) -> None:
    for axes in range(1, len(shape) + 1):
        last = shape[-axes:]
        if last == (1,):
            continue
        for affine in AFFINE:
            x, w, b = values(shape, "x"), *(values(last, word) if word else None for word in affine)
            tx, tw, tb = tensors(x, w, b)
            theirs = T.layer_norm(tx, last, tw, tb, 1e-3)
            compare(F.layer_norm(x, last if axes > 1 else last[0], w, b, 1e-3), theirs)
            g = values(shape, "g")
            theirs.backward(torch.tensor(g))
            for ours, t in zip(F.layer_norm_backward(g, x, last, w, 1e-3), (tx, tw, tb), strict=True):
                if t is not None:
                    compare(ours, t.grad)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(3, 2, 2, 3), (4, 3), (2, 2, 17)], ids=str)
def test_batch_norm_gradients(shape: tuple[int, ...], training: bool, backend: str) -> None:
    mean, var = normals(shape[1:2], np.float64), abs(normals(shape[1:2], np.float64)) + 0.5
    x, w, b = (normals(s, np.float64, rng=s) for s in (shape, shape[1:2], shape[1:2]))

    def forward(input: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return F.batch_norm(input, mean.copy(), var.copy(), weight, bias, training)

    def backward(grad: np.ndarray, input: np.ndarray, weight: np.ndarray) -> Any:
        return F.batch_norm_backward(grad, input, mean, var, weight, training)

    assert gradcheck(forward, x, w, b, backward=backward)


@pytest.mark.parametrize("shape", [(2, 4, 2, 3), (2, 4), (1, 4, 17)], ids=str)
def test_group_and_layer_norm_gradients(shape: tuple[int, ...], backend: str) -> None:
    x, w, b = (normals(s, np.float64, rng=s) for s in (shape, shape[1:2], shape[1:2]))

    def group(input: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return F.group_norm(input, 2, weight, bias)

    def group_backward(grad: np.ndarray, input: np.ndarray, weight: np.ndarray) -> Any:
        return F.group_norm_backward(grad, input, 2, weight)

    assert gradcheck(group, x, w, b, backward=group_backward)
    last = shape[1:]
    w, b = normals(last, np.float64, rng=1), normals(last, np.float64, rng=2)

    def layer(input: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return F.layer_norm(input, last, weight, bias)

    def layer_backward(grad: np.ndarray, input: np.ndarray, weight: np.ndarray) -> Any:
        return F.layer_norm_backward(grad, input, last, weight)

    assert gradcheck(layer, x, w, b, backward=layer_backward)
