"""R7: the bits of a result depend on neither the number of threads nor on the other images of the batch."""

from typing import Any

import numpy as np
import pytest
from grids import normals

import fastconv as fc
from fastconv import functional as F

from .calls import CALLS, DIFFERENCES, ELEMENTWISE, Maker, run, same_bits

# For each function of a batch: which of its arguments are batches, and how many of its results.
BATCHES = {
    "conv2d": (["input"], 1),
    "conv2d_backward": (["grad_output", "input"], 1),
    "conv1d": (["input"], 1),
    "conv1d_backward": (["grad_output", "input"], 1),
    "conv_transpose2d": (["input"], 1),
    "conv_transpose2d_backward": (["grad_output", "input"], 1),
    "conv_transpose1d": (["input"], 1),
    "pad2d": (["input"], 1),
    "max_pool1d": (["input"], 2),
    "avg_pool1d": (["input"], 1),
    "adaptive_avg_pool2d": (["input"], 1),
    "adaptive_max_pool2d": (["input"], 2),
    "max_unpool2d": (["input", "indices"], 1),
    "max_pool2d": (["input"], 2),
    "avg_pool2d": (["input"], 1),
    "linear": (["input"], 1),
    "linear_backward": (["grad_output", "input"], 1),
    "batch_norm": (["input"], 1),
    "group_norm": (["input"], 1),
    "group_norm_backward": (["grad_output", "input"], 1),
    "layer_norm": (["input"], 1),
    "layer_norm_backward": (["grad_output", "input"], 1),
    "relu": (["input"], 1),
    "sigmoid": (["input"], 1),
    "tanh": (["input"], 1),
    "sigmoid_backward": (["grad_output", "output"], 1),
    **{name: (["input"], 1) for name in (*ELEMENTWISE, "softmax", "log_softmax")},
    **{f"{name}_backward": (["grad_output", "input"], 1) for name in ELEMENTWISE},
    **{f"{name}_backward": (["grad_output", "output"], 1) for name in ("softmax", "log_softmax")},
    **{name: (["input", "target"], 1) for name in (*DIFFERENCES, "nll_loss")},
    **{f"{name}_backward": (["grad_output", "input", "target"], 1) for name in (*DIFFERENCES, "nll_loss")},
    "softmax_cross_entropy": (["logits", "target"], 2),
    "binary_cross_entropy_with_logits": (["input", "target", "weight", "pos_weight"], 1),
}


class Normals(Maker):
    """Real data, on which every order of summation gives other bits."""

    def __call__(self, *shape: int) -> np.ndarray:
        return normals(shape, self.dtype, rng=shape)


@pytest.mark.skipif("cython" not in fc.available_backends(), reason="no compiled kernels")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BATCHES)
def test_any_split_of_the_batch(name: str, dtype: Any) -> None:
    """C49, L05."""
    batched, count = BATCHES[name]
    arguments = CALLS[name](Normals(dtype, batch=5))
    with fc.use_backend("cython"):
        whole = run(name, arguments)[:count]
        for start, stop in [(0, 1), (1, 2), (4, 5), (1, 4), (2, 5)]:
            part = {key: value[start:stop] if key in batched else value for key, value in arguments.items()}
            for result, expected in zip(run(name, part), whole, strict=False):
                assert same_bits(result, expected[start:stop])


@pytest.mark.skipif("cython" not in fc.available_backends(), reason="no compiled kernels")
@pytest.mark.parametrize("shape", [(1, 3, 33, 35), (2, 16, 9, 9), (5, 8, 7, 6)], ids=str)
def test_any_split_of_a_larger_batch(shape: tuple[int, ...]) -> None:
    """C49, with sizes that fill the tiles of a kernel in part."""
    n, c, h, w = shape
    x, weight = normals((3 * n, c, h, w), rng="x"), normals((19, c, 3, 3), rng="w")
    g = normals((3 * n, 19, h, w), rng="g")
    with fc.use_backend("cython"):
        y = F.conv2d(x, weight, padding=1)
        grad_input, _, _ = F.conv2d_backward(g, x, weight, padding=1)
        for i in range(3):
            part = slice(i * n, (i + 1) * n)
            assert same_bits(F.conv2d(x[part], weight, padding=1), y[part])
            assert same_bits(F.conv2d_backward(g[part], x[part], weight, padding=1)[0], grad_input[part])


@pytest.mark.parametrize("name", CALLS)
def test_any_number_of_threads(name: str) -> None:
    """C50, G05, G11."""
    arguments = CALLS[name](Normals(batch=23))
    fc.set_num_threads(1)
    expected = run(name, arguments)
    for count in (2, 3, 8):
        fc.set_num_threads(count)
        assert all(map(same_bits, run(name, arguments), expected))
