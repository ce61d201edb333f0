"""Padding and its gradient: bit-equal to the plain loops on integers, the same bits for any threads."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from grids import PAD2D, Pad2d, integers, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

VALUE = -7.0


def both(ops: Any, case: Pad2d, x: NDArray[Any], dy: NDArray[Any]) -> list[NDArray[Any]]:
    """Output and gradient of the input."""
    g = case.geometry()
    return [
        *call(ops.pad2d, [x], [(case.output(), x.dtype)], g, case.mode, VALUE),
        *call(ops.pad2d_backward, [dy], [(case.input, x.dtype)], g, case.mode),
    ]


def arrays(case: Pad2d, make: Any, dtype: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    return make(case.input, dtype, rng=("input", case)), make(case.output(), dtype, rng=("grad", case))


@cache
def expected(name: str) -> list[NDArray[Any]]:
    return both(python, PAD2D[name], *arrays(PAD2D[name], integers, np.float64))


@pytest.mark.parametrize("name", PAD2D)
def test_equals_plain_loops(name: str, kernels: Kernels) -> None:
    results = both(kernels.ops, PAD2D[name], *arrays(PAD2D[name], integers, kernels.dtype))
    for result, right in zip(results, expected(name), strict=True):
        assert_array_equal(result, right.astype(kernels.dtype), strict=True)


# numpy.pad does not crop.
NOT_CROPPED = [name for name, case in PAD2D.items() if np.min(case.padding) >= 0]


@pytest.mark.parametrize("name", NOT_CROPPED)
def test_equals_numpy_pad(name: str, kernels: Kernels) -> None:
    case = PAD2D[name]
    x = normals(case.input, kernels.dtype)
    (y,) = call(kernels.ops.pad2d, [x], [(case.output(), x.dtype)], case.geometry(), case.mode, VALUE)
    mode = {"replicate": "edge", "circular": "wrap"}.get(case.mode, case.mode)
    options: dict[str, Any] = {"constant_values": VALUE} if mode == "constant" else {}
    assert y.tobytes() == np.pad(x, ((0, 0), (0, 0), *case.padding), mode, **options).tobytes()  # type: ignore


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_threads_change_no_bit(mode: str, compiled: Kernels) -> None:
    case = Pad2d((4, 8, 150, 151), ((3, 40), (50, 1)), mode)
    given = arrays(case, normals, compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in both(compiled.ops, case, *given)])
    assert results[0] == results[1] == results[2]
