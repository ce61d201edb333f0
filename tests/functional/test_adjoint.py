"""Adjoint identities on integer data: what a backward function gives is the transpose of the forward function.

    <forward(x), g> = <x, backward(g)>

holds for every linear map, and on integers exactly, in any order of summation. It says nothing about which linear map
it is: that is the business of the comparisons with the plain loops and with torch.
"""

from typing import Any

import numpy as np
import pytest
from grids import CONV2D, LINEAR, PAD2D, POOL2D, Conv2d, Pad2d, Pool2d, distinct, divisible, integers

import fastconv as fc
from fastconv import functional as F

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def dot(a: Any, b: Any) -> float:
    """Scalar product, exact for integers."""
    return float(np.vdot(np.asarray(a, np.float64), np.asarray(b, np.float64)))


def conv2d_holds(config: Conv2d, dtype: Any, rng: Any, padding_mode: str = "zeros") -> None:
    x, w = integers(config.input, dtype, rng=(rng, "x")), integers(config.weight, dtype, rng=(rng, "w"))
    g = integers(config.output(), dtype, rng=(rng, "g"))
    options = {**dict(zip(config._fields[2:], config[2:], strict=True)), "padding_mode": padding_mode}
    y = F.conv2d(x, w, **options)
    grad_input, grad_weight, grad_bias = F.conv2d_backward(g, x, w, **options)
    assert dot(y, g) == dot(x, grad_input) == dot(w, grad_weight), (config, padding_mode)
    assert np.array_equal(grad_bias, g.sum(axis=(0, 2, 3))), config  # G05


@pytest.mark.parametrize("config", CONV2D.values(), ids=CONV2D)
def test_conv2d(config: Conv2d) -> None:
    """C55."""
    conv2d_holds(config, np.float32, config)
    conv2d_holds(config, np.float64, config)


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_conv2d_padding_modes(mode: str, backend: str) -> None:
    for config in [
        Conv2d((2, 4, 5, 6), (6, 2, 3, 3), padding=2, groups=2),
        Conv2d((2, 2, 5, 6), (3, 2, 3, 2), (2, 1), ((1, 0), (2, 3))),
        Conv2d((1, 2, 6, 5), (3, 2, 2, 3), 2, "same", (1, 2)),
        Conv2d((1, 2, 6, 5), (3, 2, 2, 3), 2, "valid"),
    ]:
        conv2d_holds(config, np.float32, config, mode)


def random_conv2d(rng: np.random.Generator) -> Conv2d:
    """A small valid convolution; every option takes every small value."""
    while True:
        groups = int(rng.integers(1, 4))
        c, k = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        n, h, w, r, s = (int(i) for i in rng.integers((1, 1, 1, 1, 1), (3, 8, 8, 5, 5)))
        stride, dilation = tuple(map(int, rng.integers(1, 4, 2))), tuple(map(int, rng.integers(1, 4, 2)))
        top, bottom, left, right = map(int, rng.integers(0, 4, 4))
        padding: Any = ((top, bottom), (left, right)) if rng.random() < 0.9 else "same"
        config = Conv2d((n, c * groups, h, w), (k * groups, c, r, s), stride, padding, dilation, groups)
        spans = dilation[0] * (r - 1) + 1, dilation[1] * (s - 1) + 1
        if padding == "same" or (spans[0] <= h + top + bottom and spans[1] <= w + left + right):
            return config


@pytest.mark.skipif("cython" not in fc.available_backends(), reason="no compiled kernels")
@pytest.mark.parametrize("seed", range(10))
def test_conv2d_at_random(seed: int) -> None:
    """G04: 50,000 configurations."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(-4, 5, 20_000).astype(np.float32)

    def some(shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        start = int(rng.integers(0, pool.size - size))
        return pool[start : start + size].reshape(shape)

    with fc.use_backend("cython"):
        for _ in range(5000):
            config = random_conv2d(rng)
            x, w = some(config.input), some(config.weight)
            y = F.conv2d(x, w, None, *config[2:])
            g = some(y.shape)
            grad_input, grad_weight, _ = F.conv2d_backward(g, x, w, *config[2:], output_mask=(True, True, False))
            assert dot(y, g) == dot(x, grad_input) == dot(w, grad_weight), config


@pytest.mark.parametrize("config", PAD2D.values(), ids=PAD2D)
def test_pad2d(config: Pad2d, backend: str) -> None:
    """A19."""
    x, g = integers(config.input, rng=config), integers(config.output(), rng=(config, "g"))
    grad_input = F.pad2d_backward(g, x.shape, config.padding, config.mode)
    assert dot(F.pad2d(x, config.padding, config.mode), g) == dot(x, grad_input)


@pytest.mark.parametrize("config", POOL2D.values(), ids=POOL2D)
def test_max_pool2d(config: Pool2d, backend: str) -> None:
    """Linear for fixed indices."""
    x, g = distinct(config.input, rng=config), integers(config.output(), rng=config)
    y, indices = F.max_pool2d(*[x, *config[1:]], return_indices=True)
    assert dot(y, g) == dot(x, F.max_pool2d_backward(g, indices, x.shape))


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("config", POOL2D.values(), ids=POOL2D)
def test_avg_pool2d(config: Pool2d, include: bool, backend: str) -> None:
    """G15: exact where all divisors divide the data."""
    x = divisible(integers(config.input, np.float64, rng=config), config.kernel_size)
    g = divisible(integers(config.output(), np.float64, rng=(config, "g")), config.kernel_size)
    for divisor in (None, 1, 4):
        options = (*config[1:4], config.ceil_mode, include, divisor)
        assert dot(F.avg_pool2d(x, *options), g) == dot(x, F.avg_pool2d_backward(g, x.shape, *options))


@pytest.mark.parametrize("sizes", LINEAR.values(), ids=LINEAR)
def test_linear(sizes: tuple[int, int, int], backend: str) -> None:
    rows, features_in, features_out = sizes
    x, w = integers((rows, features_in), rng="x"), integers((features_out, features_in), rng="w")
    g = integers((rows, features_out), rng="g")
    grad_input, grad_weight, grad_bias = F.linear_backward(g, x, w)
    assert dot(F.linear(x, w), g) == dot(x, grad_input) == dot(w, grad_weight)
    assert np.array_equal(grad_bias, g.sum(axis=0))


@pytest.mark.parametrize("function", [F.conv2d_backward, F.linear_backward])
def test_output_mask_changes_no_bits(function: Any, backend: str) -> None:
    """D10."""
    w = integers((3, 2, 2, 3) if function is F.conv2d_backward else (3, 5), rng="w")
    x = integers((2, 2, 4, 5) if function is F.conv2d_backward else (2, 5), rng="x")
    g = integers((2, 3, 3, 3) if function is F.conv2d_backward else (2, 3), rng="g")
    whole = function(g, x, w)
    for mask in np.ndindex(2, 2, 2):
        wanted = tuple(map(bool, mask))
        for part, gradient, keep in zip(function(g, x, w, output_mask=wanted), whole, wanted, strict=True):
            assert (part is None) == (not keep)
            assert part is None or part.tobytes() == gradient.tobytes()
