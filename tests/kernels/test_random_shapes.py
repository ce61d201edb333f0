"""Convolutions of random shapes and options: every algorithm against the NumPy twin, on changing numbers of threads."""

import sys
from typing import Any

import numpy as np
import pytest
from grids import Conv2d
from numpy.testing import assert_allclose
from subprocesses import output

import fastconv as fc
from fastconv import _backend
from fastconv.reference import numpy as twin

from .guards import call

CONFIGURATIONS = 120


def winograd(rng: np.random.Generator) -> Conv2d:
    """A 3x3 kernel; channels around the widths of vectors and tiles."""
    n, c, k = rng.integers(1, 7), rng.choice([1, 5, 16, 17, 33, 64, 70, 130]), rng.choice([1, 3, 18, 65, 97])
    h, w = (int(size) for size in rng.integers(1, 30, 2))
    pads = tuple(tuple(int(pad) for pad in side) for side in rng.integers(1, 5, (2, 2)))
    return Conv2d((int(n), int(c), h, w), (int(k), int(c), 3, 3), padding=pads)


def any_options(rng: np.random.Generator) -> Conv2d:
    """Groups, strides, dilations and paddings."""
    groups = int(rng.choice([1, 1, 2, 3, 7]))
    c, k = (groups * int(rng.choice([1, 2, 5, 16, 33])) for _ in range(2))
    (r, s), stride, dilation = rng.integers(1, 6, 2), rng.integers(1, 4, 2), rng.integers(1, 4, 2)
    pads = rng.integers(0, 5, (2, 2))
    span = dilation * (np.array([r, s]) - 1) + 1
    h, w = np.maximum(span - pads.sum(1), 1) + rng.integers(0, 25, 2)
    sides = tuple(tuple(int(pad) for pad in side) for side in pads)
    options = tuple(map(int, stride)), sides, tuple(map(int, dilation)), groups
    return Conv2d((int(rng.integers(1, 6)), c, int(h), int(w)), (k, c // groups, int(r), int(s)), *options)


def compare(isa: str, dtype: str, kind: str, prefix: str) -> None:
    """Run in a process of its own, as a kernel that writes beyond its workspace may end it."""
    rng = np.random.default_rng(0)
    ops = _backend.kernels(isa, dtype)
    for number in range(CONFIGURATIONS):
        case = {"winograd": winograd, "any": any_options}[kind](rng)
        fc.set_num_threads(1 + number % 3)
        g = case.geometry()
        shapes = case.input, case.weight, case.weight[:1], case.output()
        x, w, b, dy = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
        for name, inputs, shape in (
            ("conv2d", [x, w, b], dy.shape),
            ("conv2d_grad_input", [dy, w], x.shape),
            ("conv2d_grad_weight", [dy, x], w.shape),
        ):
            (result,) = call(getattr(ops, prefix + name), inputs, [(shape, dtype)], g)
            wide: list[Any] = [array.astype(np.float64) for array in inputs]
            (right,) = call(getattr(twin, name), wide, [(shape, np.float64)], g)
            close = 1000 * float(np.finfo(dtype).eps) * np.abs(right).max()
            assert_allclose(result, right, rtol=0, atol=close, err_msg=f"{prefix}{name} {case}")


@pytest.mark.parametrize(
    ("dtype", "kind", "prefix"),
    [("float32", "winograd", "winograd_")]
    + [(dtype, kind, "") for dtype in ("float32", "float64") for kind in ("winograd", "any")],
)
@pytest.mark.parametrize("isa", _backend.runnable())
def test_random_configurations(isa: str, dtype: str, kind: str, prefix: str) -> None:
    code = f"from kernels.test_random_shapes import compare; compare({isa!r}, {dtype!r}, {kind!r}, {prefix!r})"
    output(f"import sys; sys.path[:0] = {sys.path!r}; {code}", MALLOC_PERTURB_="165")
