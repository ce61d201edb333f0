"""Winograd convolution: exact transforms, a bounded error in float32, the same bits for any threads and batch."""

from typing import Any

import numpy as np
import pytest
from grids import WINOGRAD, Conv2d, normals
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import fastconv as fc
from fastconv import _backend
from fastconv._arrays import FLOAT32
from fastconv.functional._algorithm import DIRECTIONS, choose
from fastconv.reference import numpy as twin

from .conftest import Kernels
from .guards import call

Arrays = list[NDArray[Any]]

BOUND = 2e-6
"""Of the same sum over absolute values: what docs/design.md promises in float32."""


@pytest.fixture(params=_backend.runnable())
def compiled(request: pytest.FixtureRequest) -> Kernels:
    """Run the test on every compiled implementation that this CPU can run; there is none for float64."""
    return Kernels(request.param, FLOAT32, _backend.kernels(request.param, "float32"))


def arrays(case: Conv2d, dtype: Any) -> Arrays:
    """Input, weight, bias and output gradient."""
    shapes = {"input": case.input, "weight": case.weight, "bias": case.weight[:1], "grad_output": case.output()}
    return [normals(shape, dtype, rng=(word, case)) for word, shape in shapes.items()]


def all_three(ops: Any, prefix: str, case: Conv2d, given: Arrays) -> Arrays:
    """Output and the gradients of input and weight."""
    x, w, b, dy = given
    g, dtype = case.geometry(), x.dtype
    return [
        *call(getattr(ops, f"{prefix}conv2d"), [x, w, b], [(dy.shape, dtype)], g),
        *call(getattr(ops, f"{prefix}conv2d_grad_input"), [dy, w], [(x.shape, dtype)], g),
        *call(getattr(ops, f"{prefix}conv2d_grad_weight"), [dy, x], [(w.shape, dtype)], g),
    ]


def exact_and_scale(case: Conv2d, given: Arrays) -> tuple[Arrays, Arrays]:
    """The results in float64, and the same sums over absolute values."""
    wide = [a.astype(np.float64) for a in given]
    return all_three(twin, "", case, wide), all_three(twin, "", case, [np.abs(a) for a in wide])


@pytest.mark.parametrize("name", WINOGRAD)
def test_is_the_direct_sum(name: str, compiled: Kernels) -> None:
    """Of exact transforms only rounding remains: next to the largest result, as small sums may cancel."""
    case = WINOGRAD[name]
    given = arrays(case, compiled.dtype)
    exact, _ = exact_and_scale(case, given)
    for result, right in zip(all_three(compiled.ops, "winograd_", case, given), exact, strict=True):
        assert_allclose(result, right, rtol=0, atol=100 * compiled.eps * np.abs(right).max())


def ordinary(x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return x


def rectified(x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return np.maximum(x, 0)


def positive(x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return rng.random(x.shape, np.float32)


def around_ten(x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return x + np.float32(10)


def alternating(x: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return np.abs(x) * np.where(np.indices(x.shape)[-1] % 2, np.float32(1), np.float32(-1))


SERVED = {
    f"{channels} to {outputs}, {size}x{size}, padding {padding}": Conv2d(
        (2, channels, size, size), (outputs, channels, 3, 3), padding=padding
    )
    for channels, outputs, size, padding in [
        (16, 16, 13, 1),
        (16, 40, 12, 0),
        (32, 32, 32, 1),
        (64, 64, 14, 1),
        (61, 67, 29, 1),
        (128, 32, 28, 1),
        (256, 64, 14, 1),
        (512, 48, 7, 1),
    ]
}


@pytest.mark.parametrize("isa", _backend.runnable())
@pytest.mark.parametrize("data", [ordinary, rectified, positive, around_ten, alternating])
@pytest.mark.parametrize("name", SERVED)
def test_error_where_auto_takes_it(name: str, data: Any, isa: str) -> None:
    case, ops = SERVED[name], _backend.kernels(isa, "float32")
    rng = np.random.default_rng(0)
    x, w, _, dy = arrays(case, np.float32)
    given = [data(x, rng), w, np.zeros(len(w), np.float32), dy]
    exact, scale = exact_and_scale(case, given)
    results = all_three(ops, "winograd_", case, given)
    served = [choose("", case.geometry(), way, FLOAT32, "auto").algorithm == "winograd" for way in DIRECTIONS]
    assert served[0] and served[2]
    for way, result, right, size in zip(served, results, exact, scale, strict=True):
        if way:
            assert (np.abs(result - right) / size).max() <= BOUND


def largest_around(x: NDArray[Any]) -> NDArray[Any]:
    """For each pixel the largest of its channel within five pixels: no tile that holds it reaches further."""
    padded = np.pad(np.abs(x), ((0, 0), (0, 0), (5, 5), (5, 5)))
    return sliding_window_view(padded, (11, 11), (2, 3)).max((-1, -2))  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("isa", _backend.runnable())
@pytest.mark.parametrize("data", ["spikes", "magnitudes"])
@pytest.mark.parametrize("channels", [16, 128])
def test_error_of_pixels_of_unlike_size(channels: int, data: str, isa: str) -> None:
    case = Conv2d((2, channels, 13, 13), (32, channels, 3, 3), padding=1)
    rng = np.random.default_rng(1)
    x, w, _, _ = arrays(case, np.float32)
    if data == "spikes":
        x[rng.random(x.shape) < 0.01] *= 1e6
    else:
        x *= (10 ** rng.uniform(-4, 4, x.shape)).astype(np.float32)
    output = [(case.output(), np.float32)]
    (y,) = call(_backend.kernels(isa, "float32").winograd_conv2d, [x, w, None], output, case.geometry())
    wide = [(case.output(), np.float64)]
    (right,) = call(twin.conv2d, [x.astype(np.float64), w.astype(np.float64), None], wide, case.geometry())
    scale = [largest_around(x).astype(np.float64), np.abs(w).astype(np.float64), None]
    (size,) = call(twin.conv2d, scale, wide, case.geometry())
    assert (np.abs(y - right) / size).max() <= BOUND


LARGE = {
    "several items": Conv2d((5, 40, 20, 21), (70, 40, 3, 3), padding=1),
    "few tiles, many channels": Conv2d((2, 70, 8, 8), (330, 70, 3, 3), padding=1),
    "several portions": Conv2d((4, 290, 30, 14), (17, 290, 3, 3), padding=1),
    "few channels, many tiles": WINOGRAD["few channels, many tiles"],
    "weights that outgrow a cache": Conv2d((2, 349, 30, 29), (351, 349, 3, 3), padding=1),
}


@pytest.mark.parametrize("name", LARGE)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    given = arrays(LARGE[name], compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in all_three(compiled.ops, "winograd_", LARGE[name], given)])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", LARGE)
def test_a_sample_does_not_depend_on_its_batch(name: str, compiled: Kernels) -> None:
    case = LARGE[name]
    x, w, b, dy = arrays(case, compiled.dtype)
    whole = all_three(compiled.ops, "winograd_", case, [x, w, b, dy])[:2]
    one = case._replace(input=(1, *case.input[1:]))
    for n in range(len(x)):
        alone = all_three(compiled.ops, "winograd_", one, [x[n : n + 1], w, b, dy[n : n + 1]])[:2]
        for batched, single in zip(whole, alone, strict=True):
            assert batched[n : n + 1].tobytes() == single.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, "overflow"])
def test_results_that_are_not_finite_are_reported(value: Any, compiled: Kernels) -> None:
    case = Conv2d((5, 17, 9, 10), (18, 17, 3, 3), padding=1)
    x, w, b, dy = arrays(case, compiled.dtype)
    g, dtype = case.geometry(), compiled.dtype
    y, grad_input, grad_weight = np.empty_like(dy), np.empty_like(x), np.empty_like(w)
    assert compiled.ops.winograd_conv2d(x, w, b, y, g) == []
    assert compiled.ops.winograd_conv2d_grad_input(dy, w, grad_input, g) == []
    assert not compiled.ops.winograd_conv2d_grad_weight(dy, x, grad_weight, g)
    huge = np.finfo(dtype).max / 2 if value == "overflow" else value
    for n, k, p, q in [(1, 0, 0, 0), (1, 17, 8, 9), (4, 5, 4, 4)]:
        spoiled = x.copy()
        spoiled[n, min(k, 16), p, q] = huge
        assert compiled.ops.winograd_conv2d(spoiled, w, b, y, g) == [n]
        assert compiled.ops.winograd_conv2d_grad_weight(dy, spoiled, grad_weight, g)
        spoiled = dy.copy()
        spoiled[n, k, p, q] = huge
        assert compiled.ops.winograd_conv2d_grad_input(spoiled, w, grad_input, g) == [n]
        assert compiled.ops.winograd_conv2d_grad_weight(spoiled, x, grad_weight, g)
