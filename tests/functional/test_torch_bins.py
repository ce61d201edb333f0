"""Parity of adaptive pooling, unpooling and 1-D pooling with torch, forward and backward."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from grids import distinct, normals

from fastconv import functional as F

torch: Any = pytest.importorskip("torch")
T: Any = torch.nn.functional

NEAR = {"rtol": 1e-12, "atol": 1e-13}
SHAPES = [(2, 3, 1, 1), (2, 3, 6, 8), (2, 3, 7, 9), (1, 2, 13, 5), (3, 4, 33), (2, 1, 5, 67), (0, 3, 6, 8)]
SIZES: list[Any] = [1, 2, 3, 5, 7, (1, 4), (4, 1), (None, 2), (3, None), (6, 8), (None, None)]


def check(ours: Any, gradient: Any, x: np.ndarray, theirs: Any) -> None:
    """Compare the results of both and the gradients of the input."""
    leaf = torch.tensor(x, requires_grad=True)
    y = theirs(leaf)
    np.testing.assert_allclose(ours(x), y.detach().numpy(), **NEAR)
    g = normals(y.shape, np.float64, rng="g")
    y.backward(torch.tensor(g))
    np.testing.assert_allclose(gradient(g), leaf.grad.numpy(), **NEAR)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_adaptive_avg_pool2d(shape: tuple[int, ...], size: Any) -> None:
    check(
        lambda x: F.adaptive_avg_pool2d(x, size),
        lambda g: F.adaptive_avg_pool2d_backward(g, shape),
        normals(shape, np.float64),
        lambda x: T.adaptive_avg_pool2d(x, size),
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_adaptive_max_pool2d(shape: tuple[int, ...], size: Any) -> None:
    x = distinct(shape, np.float64)
    y, indices = F.adaptive_max_pool2d(x, size, True)
    right, places = T.adaptive_max_pool2d(torch.tensor(x), size, return_indices=True)
    assert np.array_equal(y, right.numpy()) and np.array_equal(indices, places.numpy())
    check(
        lambda x: F.adaptive_max_pool2d(x, size),
        lambda g: F.adaptive_max_pool2d_backward(g, indices, shape),
        x,
        lambda x: T.adaptive_max_pool2d(x, size),
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_special_values(value: float) -> None:
    x = normals((2, 3, 7, 19), np.float64)
    x[0, 1, 3, 4] = x[1, 2, 0, :9] = x[1, 0] = value
    for size in (1, (2, 3), (7, 1)):
        y, indices = F.adaptive_max_pool2d(x, size, True)
        right, places = T.adaptive_max_pool2d(torch.tensor(x), size, return_indices=True)
        assert np.array_equal(y, right.numpy(), equal_nan=True) and np.array_equal(indices, places.numpy())
        mean = T.adaptive_avg_pool2d(torch.tensor(x), size).numpy()
        np.testing.assert_allclose(F.adaptive_avg_pool2d(x, size), mean, **NEAR)


@pytest.mark.parametrize("unbatched", [False, True])
@pytest.mark.parametrize(
    ("pool", "output_size"),
    [
        ((2,), None),
        ((2,), (9, 10)),
        ((2,), (8, 11)),
        ((3,), (9, 10)),
        ((3, 4, 1), (9, 10)),
        (((2, 3), (2, 4)), (9, 10)),
    ],
)
def test_max_unpool2d(pool: Any, output_size: Any, unbatched: bool) -> None:
    """Where no two go to one place, which torch leaves open."""
    image = distinct((2, 3, 9, 10), np.float64)[0 if unbatched else slice(None)]
    x, indices = F.max_pool2d(image, *pool, return_indices=True)
    if output_size == (8, 11):
        indices %= 80
        indices[...] = np.arange(indices.shape[-2] * indices.shape[-1]).reshape(indices.shape[-2:])
    check(
        lambda x: F.max_unpool2d(x, indices, *pool, output_size=output_size),
        lambda g: F.max_unpool2d_backward(g, indices, x.shape),
        x,
        lambda x: T.max_unpool2d(x, torch.tensor(indices), *pool, output_size=output_size),
    )


POOLS = [
    (kernel, stride, padding, ceil)
    for kernel, stride, padding, ceil in product((1, 2, 3, 4), (None, 1, 2, 3), (0, 1, 2), (False, True))
    if 2 * padding <= kernel
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil"), POOLS)
def test_one_axis(kernel: int, stride: int | None, padding: int, ceil: bool) -> None:
    shape = (2, 3, 13)
    for dilation in (1, 2):
        options: Any = (kernel, stride, padding, dilation, ceil)
        x = distinct(shape, np.float64)
        y, indices = F.max_pool1d(x, *options, True)
        right, places = T.max_pool1d(torch.tensor(x), *options, return_indices=True)
        assert np.array_equal(y, right.numpy()) and np.array_equal(indices, places.numpy())
        check(
            lambda x, options=options: F.max_pool1d(x, *options),
            lambda g, indices=indices: F.max_pool1d_backward(g, indices, shape),
            x,
            lambda x, options=options: T.max_pool1d(x, *options),
        )
    for include in (True, False):
        more: Any = (kernel, stride, padding, ceil, include)
        check(
            lambda x, more=more: F.avg_pool1d(x, *more),
            lambda g, more=more: F.avg_pool1d_backward(g, shape, *more),
            normals(shape, np.float64),
            lambda x, more=more: T.avg_pool1d(x, *more),
        )
