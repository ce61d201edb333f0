"""Unpooling and its gradient: the same bits as the plain loops, also where several elements have one place."""

from typing import Any

import numpy as np
import pytest
from grids import normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

# Elements, and the image they go to.
PLACES = {
    "one": ((1, 1, 1, 1), (1, 1)),
    "2x2": ((2, 3, 4, 5), (8, 10)),
    "few places": ((3, 2, 6, 7), (2, 3)),
    "many planes": ((7, 11, 3, 3), (5, 7)),
    "no image": ((0, 2, 3, 3), (5, 7)),
}


@pytest.mark.parametrize("name", PLACES)
def test_equals_plain_loops(name: str, kernels: Kernels) -> None:
    shape, size = PLACES[name]
    image = (*shape[:2], *size)
    x, dy = normals(shape, kernels.dtype), normals(image, kernels.dtype, rng="g")
    indices = np.random.default_rng(1).integers(-1, size[0] * size[1], shape)
    for ops_name, source, target in (("max_unpool2d", x, image), ("max_unpool2d_backward", dy, shape)):
        (result,) = call(getattr(kernels.ops, ops_name), [source, indices], [(target, kernels.dtype)])
        (right,) = call(getattr(python, ops_name), [source, indices], [(target, kernels.dtype)])
        assert_array_equal(result, right, strict=True)


@pytest.mark.parametrize("bad", [-2, 12, 2**32, 2**63 - 1, -(2**63)])
def test_an_index_outside_is_reported(bad: int, kernels: Kernels) -> None:
    x, image = np.ones((3, 2, 3, 2), kernels.dtype), np.ones((3, 2, 3, 4), kernels.dtype)
    indices = np.zeros(x.shape, np.int64)
    indices[0, 1] = -1
    ops = kernels.ops
    assert ops.max_unpool2d(x, indices, image.copy()) is True
    assert ops.max_unpool2d_backward(image, indices, x.copy()) is True
    indices[2, 0, 1, 1] = bad
    call(ops.max_unpool2d, [x, indices], [(image.shape, kernels.dtype)])
    call(ops.max_unpool2d_backward, [image, indices], [(x.shape, kernels.dtype)])
    assert ops.max_unpool2d(x, indices, image.copy()) is False
    assert ops.max_unpool2d_backward(image, indices, x.copy()) is False


def in_windows(shape: tuple[int, ...], width: int) -> NDArray[np.int64]:
    """For each element a place in its own window of 2x2."""
    p, q = np.mgrid[: shape[2], : shape[3]]
    return 2 * (p * width + q) + np.random.default_rng(1).choice([0, 1, width, width + 1], shape)


@pytest.mark.parametrize("move", [0, 1, 2, -2, "below", "nowhere"])
@pytest.mark.parametrize("size", [(6, 38), (7, 39), (6, 35), (7, 8), (6, 33)])
def test_places_in_windows_of_2x2(size: tuple[int, int], move: Any, kernels: Kernels) -> None:
    """Where every element stays in its window, and where one of a plane does not."""
    shape = (2, 3, size[0] // 2, size[1] // 2)
    x, indices = normals(shape, kernels.dtype), in_windows(shape, size[1])
    x[0, 0, 1, ::3] = -0.0
    at = (1, 1, 1, shape[3] - 2)
    by = 2 * size[1] if move == "below" else -1 - indices[at] if move == "nowhere" else move
    indices[at] += by
    image = (*shape[:2], *size)
    for name in ("max_unpool2d", "max_pool2d_backward"):
        (result,) = call(getattr(kernels.ops, name), [x, indices], [(image, kernels.dtype)])
        (right,) = call(getattr(python, name), [x, indices], [(image, kernels.dtype)])
        assert result.tobytes() == right.tobytes()


@pytest.mark.parametrize("move", [0, 1, -1, 3, "below", "last", "nowhere"])
@pytest.mark.parametrize("width", [16, 32, 34, 38, 46])
def test_places_in_windows_of_3x3(width: int, move: Any, kernels: Kernels) -> None:
    """Around every second pixel, as far as they lie in the image; and where one of a plane lies elsewhere."""
    shape, image = (2, 3, 4, width // 2), (2, 3, 8, width)
    p, q = np.mgrid[:4, : width // 2]
    rng = np.random.default_rng(2)
    rows = np.maximum(2 * p + rng.integers(-1, 2, shape), 0)
    indices = rows * width + np.maximum(2 * q + rng.integers(-1, 2, shape), 0)
    indices[0, 0] = np.maximum(2 * p - 1, 0) * width + np.maximum(2 * q - 1, 0)
    indices[0, 1] = np.minimum(2 * p // 4 * 4 + 1, 7) * width + 2 * q // 4 * 4 + 1  # four elements at one place
    at = (1, 1, 2, shape[3] - 1)
    by = {"below": 4 * width, "last": 8 * width - 1 - indices[at], "nowhere": -1 - indices[at]}.get(move, move)
    indices[at] = min(indices[at] + by, 8 * width - 1)
    dy = normals(shape, kernels.dtype)
    dy[0, :, 1, ::3] = -0.0
    (result,) = call(kernels.ops.max_pool2d_backward, [dy, indices], [(image, kernels.dtype)])
    right = np.zeros((6, 8 * width), kernels.dtype)
    for plane, places, values in zip(right, indices.reshape(6, -1), dy.reshape(6, -1), strict=True):
        np.add.at(plane, places[places >= 0], values[places >= 0])
    assert result.tobytes() == right.tobytes()


@pytest.mark.parametrize("more", [2**32, -(2**32), 2**31, 2**63 - 2**32])
def test_places_that_only_begin_like_those_of_a_window(more: int, kernels: Kernels) -> None:
    shape, image = (2, 3, 3, 19), (2, 3, 6, 38)
    x, indices = normals(shape, kernels.dtype), in_windows(shape, image[3])
    for name in ("max_unpool2d", "max_pool2d_backward"):
        assert getattr(kernels.ops, name)(x, indices, np.empty(image, kernels.dtype)) is True
    indices[1, 2, 1, 7] += more
    for name in ("max_unpool2d", "max_pool2d_backward"):
        assert getattr(kernels.ops, name)(x, indices, np.empty(image, kernels.dtype)) is False


def test_threads_change_no_bit(compiled: Kernels) -> None:
    shape, image = (40, 30, 9, 11), (40, 30, 18, 22)
    x, dy = normals(shape, compiled.dtype), normals(image, compiled.dtype, rng="g")
    indices = np.random.default_rng(1).integers(-1, 50, shape)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        (y,) = call(compiled.ops.max_unpool2d, [x, indices], [(image, compiled.dtype)])
        (dx,) = call(compiled.ops.max_unpool2d_backward, [dy, indices], [(shape, compiled.dtype)])
        results.append(y.tobytes() + dx.tobytes())
    assert results[0] == results[1] == results[2]
