"""Pointwise convolution: the bits of the direct sum, for any threads and any split of a batch."""

from typing import Any

import numpy as np
import pytest
from grids import POINTWISE, Conv2d, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc

from .conftest import Kernels
from .guards import call


def both(ops: Any, prefix: str, case: Conv2d, x: NDArray[Any], w: Any, b: Any, dy: Any) -> list[NDArray[Any]]:
    """Output and the gradient of the input."""
    g = case._replace(input=x.shape).geometry()
    return [
        *call(getattr(ops, f"{prefix}conv2d"), [x, w, b], [(dy.shape, x.dtype)], g),
        *call(getattr(ops, f"{prefix}conv2d_grad_input"), [dy, w], [(x.shape, x.dtype)], g),
    ]


def arrays(case: Conv2d, dtype: Any) -> list[NDArray[Any]]:
    """Input, weight, bias and output gradient."""
    shapes = (case.input, case.weight, case.weight[:1], case.output())
    return [normals(shape, dtype, rng=(i, case)) for i, shape in enumerate(shapes)]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", POINTWISE)
def test_has_the_bits_of_the_direct_sum(name: str, threads: int, compiled: Kernels) -> None:
    case = POINTWISE[name]
    fc.set_num_threads(threads)
    x, w, b, dy = arrays(case, compiled.dtype)
    for bias in (b, None):
        results = both(compiled.ops, "pointwise_", case, x, w, bias, dy)
        for result, direct in zip(results, both(compiled.ops, "", case, x, w, bias, dy), strict=True):
            assert result.tobytes() == direct.tobytes()
    for n in range(len(x)):
        alone = both(compiled.ops, "pointwise_", case, x[n : n + 1], w, None, dy[n : n + 1])
        for batched, single in zip(results, alone, strict=True):
            assert batched[n : n + 1].tobytes() == single.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["31 to 33, 5x7", "groups"])
def test_special_values_stay_at_their_pixel(name: str, value: float, compiled: Kernels) -> None:
    case = POINTWISE[name]
    x, w, b, dy = arrays(case, compiled.dtype)
    x[0, 2, 3, -1] = dy[-1, 1, 0, 0] = value
    results = both(compiled.ops, "pointwise_", case, x, w, b, dy)
    for result, direct in zip(results, both(compiled.ops, "", case, x, w, b, dy), strict=True):
        assert_array_equal(result, direct)
