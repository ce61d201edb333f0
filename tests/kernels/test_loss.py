"""Losses with their gradients: equal to the plain loops within rounding; extreme logits exactly."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from grids import ELEMENTWISE, LOGITS, normals, seed
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]


class Variant(NamedTuple):
    """Options of softmax cross-entropy."""

    probabilities: bool = False
    weighted: bool = False
    smoothing: float = 0.0
    ignore: bool = False


VARIANTS = {
    "ids": Variant(),
    "ids, ignored rows": Variant(ignore=True),
    "ids, weights": Variant(weighted=True),
    "ids, smoothing": Variant(smoothing=0.1),
    "ids, everything": Variant(weighted=True, smoothing=0.3, ignore=True),
    "probabilities": Variant(probabilities=True),
    "probabilities, everything": Variant(probabilities=True, weighted=True, smoothing=0.2),
}


def softmax_cross_entropy(
    ops: Any, z: NDArray[Any], t: NDArray[Any], w: NDArray[Any] | None, smoothing: float, scale: float
) -> Arrays:
    """Losses, losses without a gradient asked for, and the gradient."""
    losses, gradient = (z.shape[0], z.shape[2]), z.shape
    outputs = [(losses, z.dtype), (gradient, z.dtype)]
    with_gradient = call(ops.softmax_cross_entropy, [z, t, w], outputs, -100, smoothing, scale, False)
    (alone,) = call(ops.softmax_cross_entropy, [z, t, w], [outputs[0], None], -100, smoothing, scale, False)
    return [*with_gradient, alone]


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("name", LOGITS)
def test_softmax_cross_entropy_equals_plain_loops(name: str, variant: Variant, kernels: Kernels) -> None:
    outer, classes, inner = shape = LOGITS[name]
    rng = np.random.default_rng(seed(name, variant))
    z = normals(shape, kernels.dtype, rng=name) * kernels.dtype.type(3)
    if variant.probabilities:
        t = rng.random(shape).astype(kernels.dtype)
    else:
        t = rng.integers(0, classes, (outer, inner))
        if variant.ignore:
            t[rng.random(t.shape) < 0.4] = -100
            z[np.broadcast_to((t == -100)[:, None], shape)] = np.nan
    w = rng.random(classes).astype(kernels.dtype) if variant.weighted else None
    results = softmax_cross_entropy(kernels.ops, z, t, w, variant.smoothing, 0.25)
    rights = softmax_cross_entropy(python, z, t, w, variant.smoothing, 0.25)
    mass = max(classes / 10, 1)  # a loss is a sum over the classes
    for result, right in zip(results, rights, strict=True):
        assert_allclose(result, right, rtol=32 * kernels.eps, atol=32 * kernels.eps * mass, strict=True)


EXTREME: dict[str, tuple[list[float], int, float, list[float]]] = {
    "far below": ([1e4, 0.0], 1, 1e4, [1.0, -1.0]),
    "far above": ([1e4, 0.0], 0, 0.0, [0.0, 0.0]),
    "far below the last": ([0.0, 1e4], 0, 1e4, [-1.0, 1.0]),
    "far above the first": ([0.0, 1e4], 1, 0.0, [0.0, 0.0]),
    "masked": ([0.0, -np.inf], 0, 0.0, [0.0, 0.0]),
    "asked for the masked": ([0.0, -np.inf], 1, np.inf, [1.0, -1.0]),
    "largest and smallest": ([3e38, -3e38], 0, 0.0, [0.0, 0.0]),
    "NaN": ([0.0, np.nan], 0, np.nan, [np.nan, np.nan]),
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_logits(name: str, kernels: Kernels) -> None:
    logits, target, loss, gradient = EXTREME[name]
    z = np.array(logits, kernels.dtype).reshape(1, 2, 1)
    results = softmax_cross_entropy(kernels.ops, z, np.array([[target]]), None, 0.0, 1.0)
    assert_array_equal(results[0].item(), loss)
    assert_array_equal(results[1].ravel(), gradient)


def binary(ops: Any, z: NDArray[Any], t: NDArray[Any], w: NDArray[Any] | None, pos: NDArray[Any] | None) -> Arrays:
    """Losses, losses without a gradient asked for, and the gradient."""
    output, kernel = (z.shape, z.dtype), ops.binary_cross_entropy_with_logits
    (alone,) = call(kernel, [z, t, w, pos], [output, None], 0.5)
    return [*call(kernel, [z, t, w, pos], [output, output], 0.5), alone]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_binary_cross_entropy_equals_plain_loops(shape: tuple[int, ...], weighted: bool, kernels: Kernels) -> None:
    if np.prod(shape) > 1000:
        shape = (257,)
    z = normals(shape, kernels.dtype) * kernels.dtype.type(4)
    t, w, pos = (abs(normals(shape, kernels.dtype, rng=i)) for i in range(3))
    given = (z, np.minimum(t, 1), w if weighted else None, pos if weighted else None)
    for result, right in zip(binary(kernels.ops, *given), binary(python, *given), strict=True):
        assert_allclose(result, right, rtol=32 * kernels.eps, atol=32 * kernels.eps, strict=True)


def test_binary_cross_entropy_of_extreme_logits(kernels: Kernels) -> None:
    z = np.array([1e4, 1e4, -1e4, -1e4], kernels.dtype)
    t = np.array([1, 0, 1, 0], kernels.dtype)
    losses, gradient, _ = binary(kernels.ops, z, t, None, None)
    assert_array_equal(losses, [0, 1e4, 1e4, 0])
    assert_array_equal(gradient, [0, 0.5, -0.5, 0])


def test_binary_cross_entropy_keeps_what_is_small(kernels: Kernels) -> None:
    z = np.array([-40, -60, 40, 60], kernels.dtype)
    t = np.array([0, 0, 1, 1], kernels.dtype)
    losses, gradient, _ = binary(kernels.ops, z, t, None, None)
    small = np.exp(-abs(z))
    assert_allclose(losses, small, rtol=32 * kernels.eps)
    assert_allclose(gradient, [0.5, 0.5, -0.5, -0.5] * small, rtol=32 * kernels.eps)


def test_threads_change_no_bit(compiled: Kernels) -> None:
    z = normals((700, 50, 2), compiled.dtype)
    t = np.random.default_rng(0).integers(0, 50, (700, 2))
    flat = z.reshape(-1)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        outputs = softmax_cross_entropy(compiled.ops, z, t, None, 0.1, 0.25)
        outputs += binary(compiled.ops, flat, abs(flat), None, None)
        results.append([a.tobytes() for a in outputs])
    assert results[0] == results[1] == results[2]
