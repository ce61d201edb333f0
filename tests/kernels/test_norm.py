"""Rows, their moments and their images: equal to the plain loops, the same bits for any threads, exact sums."""

from typing import Any

import numpy as np
import pytest
from grids import ROWS, normals
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]


def everything(ops: Any, sizes: tuple[int, int, int], dtype: Any, real: Any) -> dict[str, Arrays]:
    """The results of all kernels on numbers of `dtype` held as `real`."""
    rows, n, count = sizes

    def array(name: str, *shape: int) -> NDArray[Any]:
        return normals(shape, dtype, rng=(name, shape)).astype(real)

    x, g, w, b = array("x", rows, n), array("g", rows, n), array("w", n), array("b", n)
    each, image = [((rows,), np.float64)] * 2, [((rows, n), real)]
    parts = [((min(rows, 3), n), np.float64)] * 2
    results = {
        "row_moments": call(ops.row_moments, [x], each),
        "column_products": call(ops.column_products, [g, x, array("k", rows, 2)], parts),
    }
    for word, weight, bias in (("", None, None), (", weighted", w, b)):
        results |= {
            f"row_products{word}": call(ops.row_products, [g, x, array("s", count), weight], each),
            f"normalize_rows{word}": call(ops.normalize_rows, [x, array("k", count, 3), weight, bias], image),
            f"normalize_rows_backward{word}": call(
                ops.normalize_rows_backward, [g, x, array("k", count, 4), weight], image
            ),
        }
    return results


@pytest.mark.parametrize("name", ROWS)
def test_equals_plain_loops(name: str, kernels: Kernels) -> None:
    results = everything(kernels.ops, ROWS[name], kernels.dtype, kernels.dtype)
    expected = everything(python, ROWS[name], kernels.dtype, np.float64)
    for kernel, right in expected.items():
        for result, wanted in zip(results[kernel], right, strict=True):
            close = 20 * kernels.eps * max(float(np.abs(wanted).max()), ROWS[name][1] ** 0.5)
            assert_allclose(result, wanted, rtol=0, atol=close, err_msg=kernel)


@pytest.mark.parametrize("offset", [0, 10, 1e4])
@pytest.mark.parametrize("size", [49, 500, 100_003])
def test_moments_are_exact_whatever_the_mean(size: int, offset: float, compiled: Kernels) -> None:
    """Against float64 on the same numbers; a sum of squares in float32 would have lost all of them at 1e4."""
    x = (offset + normals((3, size), np.float64)).astype(compiled.dtype)
    means, squares = call(compiled.ops.row_moments, [x], [((3,), np.float64)] * 2)
    wide = x.astype(np.longdouble)
    right = wide.mean(axis=1)
    assert_allclose(means, right, rtol=1e-15, atol=compiled.eps)  # the deviation is 1
    assert_allclose(squares, np.square(wide - right[:, None]).sum(axis=1), rtol=max(4 * compiled.eps, 1e-13))


def test_moments_of_a_row_that_jumps(compiled: Kernels) -> None:
    """The first run says nothing about the others."""
    x = np.concatenate([np.zeros(512), np.full(99_488, 1000.0)])[None].astype(compiled.dtype)
    means, squares = call(compiled.ops.row_moments, [x], [((1,), np.float64)] * 2)
    assert_allclose(means, 994.88, rtol=1e-12)
    assert_allclose(squares, 1e6 * 512 * 99_488 / 100_000, rtol=1e-12)


def test_infinities_and_nan_stay_in_their_rows(kernels: Kernels) -> None:
    x = normals((5, 60), kernels.dtype)
    x[1, 3], x[3, 59] = np.inf, np.nan
    means, squares = call(kernels.ops.row_moments, [x], [((5,), np.float64)] * 2)
    for result in (means, squares):
        assert_array_equal(np.isfinite(result), [True, False, True, False, True])
    (y,) = call(kernels.ops.normalize_rows, [x, normals((5, 3), kernels.dtype), None, None], [(x.shape, x.dtype)])
    assert_array_equal(np.isfinite(y), np.isfinite(x))


@pytest.mark.parametrize("sizes", [(300, 700, 100), (6000, 49, 6000), (2000, 5, 8)], ids=str)
def test_threads_change_no_bit(sizes: tuple[int, int, int], compiled: Kernels) -> None:
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        kernels = everything(compiled.ops, sizes, compiled.dtype, compiled.dtype)
        results.append([array.tobytes() for arrays in kernels.values() for array in arrays])
    assert results[0] == results[1] == results[2]


def test_a_large_array_has_the_bits_of_its_parts(compiled: Kernels) -> None:
    """Large results take another way to memory, and their rows begin at any address."""
    n = 1031
    rows = 2**24 // compiled.dtype.itemsize // n + 1
    x = np.resize(normals((70_001,), compiled.dtype), (rows, n))
    table = normals((rows, 4), compiled.dtype)
    w = normals((n,), compiled.dtype)
    for weight in (None, w):
        pieces = []
        for part in (slice(None), slice(0, rows // 2), slice(rows // 2, None)):
            three, four = np.ascontiguousarray(table[part, :3]), table[part]
            image = [(x[part].shape, x.dtype)]
            pieces.append(
                call(compiled.ops.normalize_rows, [x[part], three, weight, weight], image)
                + call(compiled.ops.normalize_rows_backward, [x[part], x[part], four, weight], image)
            )
        for whole, first, second in zip(*pieces, strict=True):
            assert_array_equal(whole.view(np.uint8), np.concatenate([first, second]).view(np.uint8))
