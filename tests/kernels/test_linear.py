"""The fully connected layer: bit-equal to the plain loops on integers, the same bits for any threads and batch."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from grids import LINEAR, integers, normals
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]


def arrays(sizes: tuple[int, int, int], make: Any, dtype: Any) -> Arrays:
    """Input, weight, bias and output gradient."""
    rows, features, outputs = sizes
    shapes = {"input": (rows, features), "weight": (outputs, features), "bias": (outputs,), "grad": (rows, outputs)}
    return [make(shape, dtype, rng=(word, sizes)) for word, shape in shapes.items()]


def all_four(ops: Any, given: Arrays) -> Arrays:
    """Output and the gradients of input, weight and bias."""
    x, w, b, dy = given
    return [
        *call(ops.linear, [x, w, b], [(dy.shape, x.dtype)]),
        *call(ops.linear_grad_input, [dy, w], [(x.shape, x.dtype)]),
        *call(ops.linear_grad_weight, [dy, x], [(w.shape, x.dtype)]),
        *call(ops.linear_grad_bias, [dy], [(b.shape, x.dtype)]),
    ]


@cache
def expected(name: str) -> Arrays:
    return all_four(python, arrays(LINEAR[name], integers, np.float64))


@pytest.mark.parametrize("name", LINEAR)
def test_equals_plain_loops(name: str, kernels: Kernels) -> None:
    results = all_four(kernels.ops, arrays(LINEAR[name], integers, kernels.dtype))
    for result, right in zip(results, expected(name), strict=True):
        assert_array_equal(result, right.astype(kernels.dtype), strict=True)


@pytest.mark.parametrize("name", LINEAR)
def test_no_bias_is_a_bias_of_zeros(name: str, kernels: Kernels) -> None:
    x, w, b, dy = arrays(LINEAR[name], normals, kernels.dtype)
    (without,) = call(kernels.ops.linear, [x, w, None], [(dy.shape, kernels.dtype)])
    (zeros,) = call(kernels.ops.linear, [x, w, np.zeros_like(b)], [(dy.shape, kernels.dtype)])
    assert_array_equal(without, zeros)


LARGE = {
    "square": (301, 299, 307),
    "few rows": (5, 701, 703),
    "one row": (1, 2001, 1999),
    "four rows": (4, 1601, 301),
    "deep": (33, 9001, 17),
    "weights packed for grad_input": (263, 701, 703),
    "columns of grad_output packed": (69, 530, 1024),  # a power of two apart
    "a row more than are turned at a time": (769, 140, 65),
    "uneven columns": (130, 257, 40),
    "one column": (4099, 65, 1),
}


@pytest.mark.parametrize("name", LARGE)
def test_blocks_equal_the_whole_product(name: str, kernels: Kernels) -> None:
    x, w, b, dy = arrays(LARGE[name], integers, np.float64)
    right = [x @ w.T + b, dy @ w, dy.T @ x, dy.sum(axis=0)]
    results = all_four(kernels.ops, [a.astype(kernels.dtype) for a in (x, w, b, dy)])
    for result, whole in zip(results, right, strict=True):
        assert_array_equal(result, whole.astype(kernels.dtype), strict=True)


@pytest.mark.parametrize("name", LARGE)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    given = arrays(LARGE[name], normals, compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in all_four(compiled.ops, given)])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", [*LINEAR, *LARGE])
def test_a_row_does_not_depend_on_its_batch(name: str, compiled: Kernels) -> None:
    x, w, b, dy = arrays((LINEAR | LARGE)[name], normals, compiled.dtype)
    whole = all_four(compiled.ops, [x, w, b, dy])[:2]
    for m in range(0, len(x), max(len(x) // 5, 1)):
        alone = all_four(compiled.ops, [x[m : m + 1], w, b, dy[m : m + 1]])[:2]
        for batched, single in zip(whole, alone, strict=True):
            assert batched[m : m + 1].tobytes() == single.tobytes()


@pytest.mark.parametrize("name", ["primes", "sample", "few and deep", "two panels"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_special_values_stay_in_their_row(name: str, value: float, kernels: Kernels) -> None:
    x, _, _, dy = given = arrays(LINEAR[name], integers, kernels.dtype)
    x[-1, 5] = dy[-1, 5] = value
    for result, right in zip(all_four(kernels.ops, given), all_four(python, given), strict=True):
        assert_array_equal(result, right)


@pytest.mark.parametrize("name", ["primes", "sample", "few and deep", "two panels"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_special_weights_stay_in_their_column(name: str, value: float, kernels: Kernels) -> None:
    x, w, _, dy = given = arrays(LINEAR[name], integers, kernels.dtype)
    w[-1, 3] = value
    x[:, 3], dy[:, -1] = 1, 1  # no product of zero and infinity
    for result, right in zip(all_four(kernels.ops, given), all_four(python, given), strict=True):
        assert_array_equal(result, right)
    y = all_four(kernels.ops, given)[0]
    assert np.isfinite(y[:, :-1]).all()
