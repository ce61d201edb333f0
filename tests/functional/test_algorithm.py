"""Which algorithm computes a convolution, what it does with what is not finite, and what a user is told."""

from typing import Any

import numpy as np
import pytest
from grids import CONV2D, Conv2d, integers, normals
from numpy.testing import assert_array_equal

import fastconv as fc
from fastconv import functional as F
from fastconv.bench import shapes

LAYER = ((4, 32, 12, 12), (24, 32, 3, 3))


@pytest.fixture(autouse=True)
def high_precision() -> Any:
    yield
    fc.set_float32_conv_precision("high")


def test_explains_well_known_layers() -> None:
    told = fc.explain_conv2d((8, 64, 56, 56), (64, 64, 3, 3), padding=1)
    assert [choice.algorithm for choice in told] == ["winograd"] * 3
    assert [line.split()[:2] for line in str(told).splitlines()] == [
        ["forward", "winograd"], ["grad_input", "winograd"], ["grad_weight", "winograd"],
    ]  # fmt: skip
    # Without padding some pixels of the gradient of the input are a sum over a single tap.
    assert [choice.algorithm for choice in fc.explain_conv2d(*LAYER)] == ["winograd", "direct", "winograd"]


DIRECT: dict[str, dict[str, Any]] = {
    "stride": {"stride": 2},
    "dilation": {"dilation": 2, "padding": 2},
    "groups": {"weight_shape": (24, 16, 3, 3), "groups": 2},
    "kernel": {"weight_shape": (24, 32, 3, 5)},
    "few inputs": {"input_shape": (4, 3, 12, 12), "weight_shape": (24, 3, 3, 3)},
    "few outputs": {"weight_shape": (10, 32, 3, 3)},
    "small map": {"input_shape": (64, 32, 2, 2)},
    "padding 2": {"padding": 2},
    "float64": {"dtype": np.float64},
    "asked for": {"algorithm": "direct"},
}


@pytest.mark.parametrize("name", DIRECT)
def test_other_layers_are_summed_directly(name: str) -> None:
    options = {"input_shape": LAYER[0], "weight_shape": LAYER[1], "padding": 1} | DIRECT[name]
    assert fc.explain_conv2d(**options).forward.algorithm == "direct"


@pytest.mark.parametrize("layer", [layer for layer in shapes.read("layers") if layer.operation == "conv2d"])
def test_the_choice_does_not_depend_on_the_batch(layer: shapes.Layer) -> None:
    given = dict(layer.options)
    kernel, k, groups = given.pop("kernel"), given.pop("outputs"), given.get("groups", 1)
    r, s = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    c = layer.input[1]
    for n in (0, 1, 1000):
        told = fc.explain_conv2d((n, *layer.input[1:]), (k, c // groups, r, s), **given)
        assert told == fc.explain_conv2d(layer.input, (k, c // groups, r, s), **given)


def test_depthwise_layers() -> None:
    told = fc.explain_conv2d((8, 96, 56, 56), (96, 1, 3, 3), padding=1, groups=96)
    assert [choice.algorithm for choice in told] == ["depthwise"] * 3
    x, w = integers((2, 6, 7, 9), rng=1), integers((12, 1, 3, 2), rng=2)
    y = F.conv2d(x, w, stride=2, groups=6)
    assert y.tobytes() == F.conv2d(x, w, stride=2, groups=6, algorithm="direct").tobytes()
    one = F.conv2d(x[:, :1], w, algorithm="depthwise")
    assert one.tobytes() == F.conv2d(x[:, :1], w, algorithm="direct").tobytes()
    with pytest.raises(ValueError, match="algorithm 'depthwise' needs as many groups as input channels, got groups 2"):
        F.conv2d(x, integers((4, 3, 3, 3)), groups=2, algorithm="depthwise")


def test_pointwise_layers() -> None:
    told = fc.explain_conv2d((8, 64, 56, 56), (256, 64, 1, 1), dtype=np.float64)
    assert [choice.algorithm for choice in told] == ["pointwise", "pointwise", "direct"]
    for options in ({"stride": 2}, {"padding": 1}, {"padding": ((0, 1), (0, 0))}):
        told = fc.explain_conv2d((8, 64, 56, 56), (256, 64, 1, 1), **options)
        assert [choice.algorithm for choice in told] == ["direct"] * 3
        with pytest.raises(ValueError, match="explain_conv2d: algorithm 'pointwise' needs a 1x1 kernel"):
            fc.explain_conv2d((8, 64, 56, 56), (256, 64, 1, 1), **options, algorithm="pointwise")
    x, w, dy = normals((2, 6, 5, 7)), normals((4, 3, 1, 1)), normals((2, 4, 5, 7))
    for algorithm in ("auto", "pointwise"):
        options = {"groups": 2, "algorithm": algorithm}
        assert F.conv2d(x, w, **options).tobytes() == F.conv2d(x, w, groups=2, algorithm="direct").tobytes()
        results = F.conv2d_backward(dy, x, w, **options)
        for one, other in zip(results, F.conv2d_backward(dy, x, w, groups=2, algorithm="direct"), strict=True):
            assert one.tobytes() == other.tobytes()


def test_highest_precision_is_direct_and_exact_on_integers() -> None:
    x, w = integers(LAYER[0], rng=1), integers(LAYER[1], rng=2)
    direct = F.conv2d(x, w, padding=1, algorithm="direct")
    fc.set_float32_conv_precision("highest")
    assert fc.get_float32_conv_precision() == "highest"
    told = fc.explain_conv2d(*LAYER, padding=1).forward
    assert told.algorithm == "direct" and "highest" in told.reason
    assert F.conv2d(x, w, padding=1).tobytes() == direct.tobytes()
    assert_array_equal(direct, F.conv2d(x.astype(np.float64), w.astype(np.float64), padding=1))


def test_precision_must_be_known() -> None:
    with pytest.raises(ValueError, match="precision must be 'high' or 'highest'"):
        fc.set_float32_conv_precision("medium")
    with pytest.raises(TypeError, match="precision must be a str"):
        fc.set_float32_conv_precision(None)  # type: ignore[arg-type]


def has_transforms(case: Conv2d) -> bool:
    g = case.geometry()
    return (g.R, g.S, g.stride_h, g.stride_w, g.dilation_h, g.dilation_w, g.groups) == (3, 3, 1, 1, 1, 1, 1)


@pytest.mark.parametrize("name", [name for name, case in CONV2D.items() if not has_transforms(case)])
def test_an_algorithm_that_cannot_serve_the_shape_is_refused(name: str) -> None:
    case = CONV2D[name]
    x, w, dy = normals(case.input), normals(case.weight), normals(case.output())
    options = (case.stride, case.padding, case.dilation, case.groups)
    with pytest.raises(ValueError, match="conv2d: algorithm 'winograd' needs a 3x3 kernel"):
        F.conv2d(x, w, None, *options, algorithm="winograd")
    with pytest.raises(ValueError, match="conv2d_backward: algorithm 'winograd' needs a 3x3 kernel"):
        F.conv2d_backward(dy, x, w, *options, algorithm="winograd")
    with pytest.raises(ValueError, match="explain_conv2d: algorithm 'winograd' needs a 3x3 kernel"):
        fc.explain_conv2d(case.input, case.weight, *options, algorithm="winograd")


@pytest.mark.parametrize("backend", fc.available_backends())
def test_every_backend_accepts_it(backend: str) -> None:
    case = Conv2d((2, 3, 5, 6), (4, 3, 3, 3), padding=1)
    x, w = normals(case.input), normals(case.weight)
    with fc.use_backend(backend):
        y = F.conv2d(x, w, padding=1, algorithm="winograd")
        direct = F.conv2d(x, w, padding=1, algorithm="direct")
    np.testing.assert_allclose(y, direct, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="'winograd' computes in float32 only, got arrays of float64"):
        F.conv2d(x.astype(np.float64), w.astype(np.float64), padding=1, algorithm="winograd")


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_what_is_not_finite_is_where_the_direct_sum_has_it(value: float) -> None:
    x, w, dy = normals(LAYER[0], rng=1), normals(LAYER[1], rng=2), normals((4, 24, 12, 12), rng=3)
    x[1, 5, 7, 3], dy[2, 6, 0, 11] = value, -value
    w *= np.float32(0.25)
    clean = F.conv2d(normals(LAYER[0], rng=1), w, padding=1)
    with np.errstate(all="ignore"):
        y = F.conv2d(x, w, padding=1)
        direct = F.conv2d(x, w, padding=1, algorithm="direct")
        grads = F.conv2d_backward(dy, x, w, padding=1)
        direct_grads = F.conv2d_backward(dy, x, w, padding=1, algorithm="direct")
    assert y[1].tobytes() == direct[1].tobytes()
    assert np.isfinite(direct[[0, 2, 3]]).all()
    for n in (0, 2, 3):
        assert y[n].tobytes() == clean[n].tobytes()  # whatever stands in other images
    assert grads[0] is not None and direct_grads[0] is not None
    assert grads[0][2].tobytes() == direct_grads[0][2].tobytes()
    assert grads[1] is not None and direct_grads[1] is not None
    assert grads[1].tobytes() == direct_grads[1].tobytes()


@pytest.mark.skipif(fc.get_backend() == "numpy", reason="the order of BLAS's sums depends on all shapes")
@pytest.mark.parametrize("padding", [0, 1])
def test_each_image_of_a_batch_alone(padding: int) -> None:
    x, w = normals(LAYER[0], rng=1), normals(LAYER[1], rng=2)
    whole = F.conv2d(x, w, padding=padding)
    grad = F.conv2d_backward(whole, x, w, padding=padding)[0]
    assert grad is not None
    for n in range(4):
        assert F.conv2d(x[n], w, padding=padding).tobytes() == whole[n].tobytes()
        alone = F.conv2d_backward(whole[n], x[n], w, padding=padding)[0]
        assert alone is not None and alone.tobytes() == grad[n].tobytes()
