"""No kernel touches a byte outside its arrays: each array ends, or begins, where memory that may be used does."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import pytest
from grids import (
    CONV2D,
    DEPTHWISE,
    ELEMENTWISE,
    LINEAR,
    LOGITS,
    MAX_POOL2D,
    PAD2D,
    POINTWISE,
    POOL2D,
    ROWS,
    WINOGRAD,
    Conv2d,
    normals,
)
from numpy.typing import NDArray

from fastconv import _backend

from .guards import Pen, alone
from .test_activation_functions import PARAMETERS
from .test_bins import BINS
from .test_places import PLACES


class Fenced:
    """Arrays with a forbidden page right behind their last byte, or right before their first."""

    def __init__(self, at_end: bool) -> None:
        self.at_end = at_end
        self.pens: list[Pen] = []

    def empty(self, shape: Sequence[int], dtype: Any) -> NDArray[Any]:
        self.pens.append(Pen(prod(shape) * np.dtype(dtype).itemsize))
        return self.pens[-1].empty(shape, dtype, self.at_end)

    def copy(self, array: NDArray[Any] | np.generic) -> NDArray[Any]:
        fenced = self.empty(array.shape, array.dtype)
        fenced[...] = array
        return fenced

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        kernel(*arguments)


def call(fenced: Any, kernel: Callable[..., None], arguments: Sequence[Any], *options: Any) -> None:
    """Arrays are copied between fences, (shape, dtype) becomes an array there; the fences fall afterwards."""
    arrays = [fenced.copy(a) if isinstance(a, np.ndarray | np.generic) else a and fenced.empty(*a) for a in arguments]
    fenced.run(kernel, *arrays, *options)
    del arrays


def every_kernel(f: Any, ops: Any, dtype: Any) -> None:
    """Call all kernels of one implementation over the grids, with arrays of `f` and by its `run`."""
    for conv in CONV2D.values():
        g = conv.geometry()
        x, w, b, dy = (normals(s, dtype) for s in (conv.input, conv.weight, conv.weight[:1], conv.output()))
        call(f, ops.conv2d, [x, w, b, (dy.shape, dtype)], g)
        call(f, ops.conv2d_grad_input, [dy, w, (x.shape, dtype)], g)
        call(f, ops.conv2d_grad_input, [dy, w, (x.shape, dtype)], g, f.copy(normals(conv.input[1:2], dtype)))
        call(f, ops.conv2d_grad_weight, [dy, x, (w.shape, dtype)], g)
        call(f, ops.conv2d_grad_bias, [dy, (b.shape, dtype)], g)
    grids: dict[str, dict[str, Conv2d]] = {"depthwise": DEPTHWISE, "pointwise": POINTWISE}
    if dtype == "float32":
        grids["winograd"] = WINOGRAD
    for algorithm, grid in grids.items():
        for conv in grid.values():
            g = conv.geometry()
            x, w, b, dy = (normals(s, dtype) for s in (conv.input, conv.weight, conv.weight[:1], conv.output()))
            call(f, getattr(ops, f"{algorithm}_conv2d"), [x, w, b, (dy.shape, dtype)], g)
            bias = f.copy(normals(conv.input[1:2], dtype))
            call(f, getattr(ops, f"{algorithm}_conv2d_grad_input"), [dy, w, (x.shape, dtype)], g, bias)
            if algorithm != "pointwise":
                call(f, getattr(ops, f"{algorithm}_conv2d_grad_weight"), [dy, x, (w.shape, dtype)], g)
    for m, i, o in LINEAR.values():
        x, w, b, dy = (normals(s, dtype) for s in ((m, i), (o, i), (o,), (m, o)))
        call(f, ops.linear, [x, w, b, (dy.shape, dtype)])
        call(f, ops.linear_grad_input, [dy, w, (x.shape, dtype)])
        call(f, ops.linear_grad_weight, [dy, x, (w.shape, dtype)])
        call(f, ops.linear_grad_bias, [dy, (b.shape, dtype)])
    for pad in PAD2D.values():
        x, dy = normals(pad.input, dtype), normals(pad.output(), dtype)
        call(f, ops.pad2d, [x, (dy.shape, dtype)], pad.geometry(), pad.mode, 1.0)
        call(f, ops.pad2d_backward, [dy, (x.shape, dtype)], pad.geometry(), pad.mode)
    for pool in MAX_POOL2D.values():
        x, dy = normals(pool.input, dtype), normals(pool.output(), dtype)
        indices = np.empty(dy.shape, np.int64)
        ops.max_pool2d(x, np.empty_like(dy), indices, pool.geometry())
        call(f, ops.max_pool2d, [x, (dy.shape, dtype), (dy.shape, np.int64)], pool.geometry())
        call(f, ops.max_pool2d, [x, (dy.shape, dtype), None], pool.geometry())
        call(f, ops.max_pool2d_backward, [dy, indices, (x.shape, dtype)])
    for pool in POOL2D.values():
        x, dy = normals(pool.input, dtype), normals(pool.output(), dtype)
        call(f, ops.avg_pool2d, [x, (dy.shape, dtype)], pool.geometry(), False, 0)
        call(f, ops.avg_pool2d_backward, [dy, (x.shape, dtype)], pool.geometry(), False, 0)
    for shape, size in BINS.values():
        x, dy = normals(shape, dtype), normals((*shape[:2], *size), dtype)
        call(f, ops.adaptive_avg_pool2d, [x, (dy.shape, dtype)])
        call(f, ops.adaptive_avg_pool2d_backward, [dy, (shape, dtype)])
        call(f, ops.adaptive_max_pool2d, [x, (dy.shape, dtype), (dy.shape, np.int64)])
        call(f, ops.adaptive_max_pool2d, [x, (dy.shape, dtype), None])
    for shape, size in PLACES.values():
        x, dy = normals(shape, dtype), normals((*shape[:2], *size), dtype)
        indices = np.random.default_rng(0).integers(-1, size[0] * size[1], shape)
        call(f, ops.max_unpool2d, [x, indices, (dy.shape, dtype)])
        call(f, ops.max_unpool2d_backward, [dy, indices, (shape, dtype)])
    for shape in ELEMENTWISE.values():
        x, result = normals(shape, dtype), (shape, dtype)
        for name in ("relu", "sigmoid", "tanh"):
            call(f, getattr(ops, name), [x, result])
            call(f, getattr(ops, f"{name}_backward"), [x, x, result])
        for name in PARAMETERS:
            call(f, ops.activation, [x, result], name, 1.0, 2.0)
            call(f, ops.activation_backward, [x, x, result], name, 1.0, 2.0)
        call(f, ops.difference_loss, [x, x, result, result], 1.0, 0.5, 1.0, 0.5, 1.0)
        call(f, ops.binary_cross_entropy_with_logits, [x, x, x, x, result, result], 1.0)
        call(f, alone(ops.sgd), [x, x, x], 0.1, 0.9, 0.0, 0.1, True, False)
        call(f, alone(ops.adagrad), [x, x, abs(x)], 0.1, 0.1, 1e-8, False)
        call(f, alone(ops.rmsprop), [x, x, abs(x), x, x], 0.1, 0.9, 1e-8, 0.1, 0.9, False)
        call(f, alone(ops.adam), [x, x, x, abs(x), abs(x)], 0.1, 0.9, 0.999, 1e-8, 0.1, 3, False, False)
    for rows, n, count in ROWS.values():
        x, weight = normals((rows, n), dtype), normals((n,), dtype)
        result, each = (x.shape, dtype), ((rows,), "float64")
        three, four = normals((count, 3), dtype), normals((count, 4), dtype)
        parts = ((min(rows, 3), n), "float64")
        call(f, ops.row_moments, [x, each, each])
        call(f, ops.column_products, [x, x, normals((rows, 2), dtype), parts, parts])
        for w in (None, weight):
            call(f, ops.row_products, [x, x, normals((count,), dtype), w, each, each])
            call(f, ops.normalize_rows, [x, three, w, w, result])
            call(f, ops.normalize_rows_backward, [x, x, four, w, result])
    for outer, classes, inner in LOGITS.values():
        z, weight, rows = normals((outer, classes, inner), dtype), normals((classes,), dtype), (outer, inner)
        for target in (np.zeros(rows, np.int64), abs(z)):
            arrays = [z, target, weight, (rows, dtype), (z.shape, dtype)]
            call(f, ops.softmax_cross_entropy, arrays, -100, 0.1, 1.0, True)
        for log in (False, True):
            call(f, ops.softmax, [z, (z.shape, dtype)], log)
            call(f, ops.softmax_backward, [z, -abs(z), (z.shape, dtype)], log)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mprotect through ctypes")
@pytest.mark.parametrize("at_end", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", _backend.runnable())
def test_kernels_stay_in_their_arrays(isa: str, dtype: str, at_end: bool) -> None:
    # In a process of its own: a step over the fence is its end.
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from kernels.test_guard_pages import Fenced, every_kernel\n"
        "from fastconv import _backend\n"
        f"every_kernel(Fenced({at_end}), _backend.kernels({isa!r}, {dtype!r}), {dtype!r})"
    )
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
