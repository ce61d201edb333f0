"""Transposed convolution: equal to scattered windows, exact adjoints on integers, the 1-D form, and what is refused."""

from typing import Any

import numpy as np
import pytest
from grids import integers, normals
from transposed import TRANSPOSED, Transposed, two

import fastconv as fc
from fastconv import functional as F
from fastconv.testing import gradcheck

from .calls import same_bits


def scattered(case: Transposed, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The definition: every pixel adds its window to a result without padding, from which the middle is taken."""
    (sh, sw), (ph, pw), (dh, dw) = map(two, (case.stride, case.padding, case.dilation))
    n, k, height, width = case.output()
    whole = np.zeros((n, k, height + 2 * ph, width + 2 * pw))
    c, each = x.shape[1] // case.groups, w.shape[1]
    for channel in range(x.shape[1]):
        first = channel // c * each
        for p, q, r, s in np.ndindex(*x.shape[2:], *w.shape[2:]):
            whole[:, first : first + each, p * sh + r * dh, q * sw + s * dw] += (
                x[:, channel, p, q, None] * w[channel, :, r, s]
            )
    return whole[:, :, ph : ph + height, pw : pw + width] + b[:, None, None]


def arrays(case: Transposed, dtype: Any = np.float32) -> tuple[np.ndarray, ...]:
    """Input, weight, bias and gradient of the result."""
    shapes = {"x": case.input, "w": case.weight, "b": case.output()[1:2], "g": case.output()}
    x, w, b, g = (integers(shape, dtype, rng=(key, case)) for key, shape in shapes.items())
    return x, w, b, g


def dot(a: Any, b: Any) -> float:
    """Scalar product, exact for integers."""
    return float(np.vdot(np.asarray(a, np.float64), np.asarray(b, np.float64)))


def less_than_a_stride_more(case: Transposed) -> bool:
    """Whether the output padding holds no window more, which dilation lets it do."""
    return all(more < step for more, step in zip(two(case.output_padding), two(case.stride), strict=True))


def adjoints_hold(case: Transposed, x: Any, w: Any, g: Any) -> None:
    y = F.conv_transpose2d(x, w, None, *case[2:])
    grad_input, grad_weight, grad_bias = F.conv_transpose2d_backward(g, x, w, *case[2:])
    assert dot(y, g) == dot(x, grad_input) == dot(w, grad_weight), case
    assert np.array_equal(grad_bias, g.sum(axis=(0, 2, 3))), case


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_equals_scattered_windows(case: Transposed, backend: str) -> None:
    x, w, b, g = arrays(case)
    y = F.conv_transpose2d(x, w, b, *case[2:])
    assert y.shape == g.shape and y.dtype == np.float32
    assert np.array_equal(y, scattered(case, x, w, b))
    adjoints_hold(case, x, w, g)


@pytest.mark.parametrize("name", [name for name in TRANSPOSED if "width" not in name])
def test_float64_and_no_bias(name: str, backend: str) -> None:
    case = TRANSPOSED[name]
    x, w, b, g = arrays(case, np.float64)
    y = F.conv_transpose2d(x, w, None, *case[2:])
    none = np.zeros_like(b)
    assert np.array_equal(y, scattered(case, x, w, none))
    assert same_bits(y, F.conv_transpose2d(x, w, none, *case[2:]))
    adjoints_hold(case, x, w, g)


@pytest.mark.parametrize("name", [name for name, case in TRANSPOSED.items() if less_than_a_stride_more(case)])
def test_undoes_the_shape_of_the_convolution(name: str) -> None:
    """The forward function is the gradient of the convolution, whose result has the input's shape."""
    case = TRANSPOSED[name]
    x, w, _, g = arrays(case)
    options = {"stride": case.stride, "padding": case.padding, "dilation": case.dilation, "groups": case.groups}
    assert F.conv2d(g, w, **options).shape == case.input
    grad_input = F.conv2d_backward(x, g, w, **options, output_mask=(True, False, False))[0]
    assert grad_input is not None and same_bits(grad_input, F.conv_transpose2d(x, w, None, *case[2:]))


@pytest.mark.skipif("cython" not in fc.available_backends(), reason="no compiled kernels")
@pytest.mark.parametrize("seed", range(4))
def test_at_random(seed: int) -> None:
    """4,000 small configurations; every option takes every small value."""
    rng = np.random.default_rng(seed)
    count = 0
    while count < 1000:
        groups, c, k = map(int, rng.integers(1, 4, 3))
        n, h, w, r, s = map(int, rng.integers((1, 1, 1, 1, 1), (3, 6, 6, 5, 5)))
        stride, dilation = (tuple(map(int, rng.integers(1, 4, 2))) for _ in range(2))
        padding = tuple(map(int, rng.integers(0, 4, 2)))
        more = tuple(int(rng.integers(0, max(one, other))) for one, other in zip(stride, dilation, strict=True))
        case = Transposed((n, c * groups, h, w), (c * groups, k, r, s), stride, padding, more, groups, dilation)
        if min(case.output()) < 1:
            continue
        count += 1
        x, weight, g = (
            rng.integers(-4, 5, shape).astype(np.float32) for shape in (case.input, case.weight, case.output())
        )
        with fc.use_backend("cython"):
            adjoints_hold(case, x, weight, g)


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 2},
        {"groups": 2, "stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0)},
        {"groups": 2, "stride": 3, "padding": 2, "output_padding": 1, "dilation": (1, 2)},
        {"groups": 2, "dilation": 3, "output_padding": 2},
    ],
    ids=str,
)
def test_gradients(options: dict[str, Any], backend: str) -> None:
    x, w, b = (normals(shape, np.float64, rng=shape) for shape in ((2, 4, 3, 2), (4, 1, 3, 2), (2,)))
    assert gradcheck(F.conv_transpose2d, x, w, b, **options)
    assert gradcheck(F.conv_transpose2d, x[0], w, **options)
    line = {key: value[1] if isinstance(value, tuple) else value for key, value in options.items()}
    assert gradcheck(F.conv_transpose1d, x[:, :, 0], w[:, :, 0], b, **line)
    assert gradcheck(F.conv_transpose1d, x[0, :, 0], w[:, :, 0], **line)


def test_one_image_is_the_first_of_a_batch(backend: str) -> None:
    case = TRANSPOSED["3x3 s2 p1 more"]
    x, w, b, g = arrays(case)
    assert same_bits(F.conv_transpose2d(x[0], w, b, *case[2:]), F.conv_transpose2d(x, w, b, *case[2:])[0])
    one = F.conv_transpose2d_backward(g[0], x[0], w, *case[2:])
    batch = F.conv_transpose2d_backward(g[:1], x[:1], w, *case[2:])
    assert one[0] is not None and batch[0] is not None and same_bits(one[0], batch[0][0])
    assert all(map(same_bits, one[1:], batch[1:]))


@pytest.mark.parametrize("name", ["one row", "width 9, stride 1", "width 9, stride 2", "width 9, stride 3"])
def test_one_axis_is_one_row(name: str, backend: str) -> None:
    case = TRANSPOSED[name]
    case = case._replace(input=(2, *case.input[1:2], 1, case.input[3]), weight=(*case.weight[:2], 1, case.weight[3]))
    x, w, b, g = arrays(case)
    line = [two(option)[1] if option is not case.groups else option for option in case[2:]]
    y = F.conv_transpose1d(x[:, :, 0], w[:, :, 0], b, *line)
    assert same_bits(y, F.conv_transpose2d(x, w, b, *case[2:])[:, :, 0])
    whole = F.conv_transpose2d_backward(g, x, w, *case[2:])
    parts = F.conv_transpose1d_backward(g[:, :, 0], x[:, :, 0], w[:, :, 0], *line)
    for part, right in zip(parts, whole, strict=True):
        assert part is not None and right is not None
        assert same_bits(part, right.reshape(part.shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_pixels_stay_in_their_windows(bad: float, backend: str) -> None:
    x, w = np.ones((1, 1, 5, 12), np.float32), np.ones((1, 1, 3, 2), np.float32)
    x[0, 0, 2, 7] = bad
    y = F.conv_transpose2d(x, w, np.ones(1, np.float32), stride=2, algorithm="direct")
    where = np.zeros(y.shape[2:], bool)
    where[4:7, 14:16] = True
    assert np.array_equal(~np.isfinite(y[0, 0]), where)


LAYER = ((3, 32, 12, 13), (32, 24, 3, 3))


def test_algorithms_agree() -> None:
    """Winograd within its bound, and with what is not finite where the direct sum has it."""
    x, w, b = (normals(shape, rng=shape) for shape in (*LAYER, (24,)))
    direct = F.conv_transpose2d(x, w, b, padding=1, algorithm="direct")
    y = F.conv_transpose2d(x, w, b, padding=1, algorithm="winograd")
    bound = F.conv_transpose2d(abs(x), abs(w), abs(b), padding=1)
    assert (abs(y - direct) <= 2e-6 * bound).all()
    x[1, 3, 4, 5] = np.inf
    y, direct = (F.conv_transpose2d(x, w, b, padding=1, algorithm=way) for way in ("auto", "direct"))
    assert same_bits(y[1], direct[1])
    assert np.isinf(direct[1]).any() and np.isfinite(y[[0, 2]]).all()
    small, one = integers((2, 6, 5, 7)), integers((6, 1, 3, 2), rng="w")
    for way in ("auto", "depthwise"):
        y = F.conv_transpose2d(small, one, None, 2, groups=6, algorithm=way)
        assert same_bits(y, F.conv_transpose2d(small, one, None, 2, groups=6, algorithm="direct"))


def test_output_mask_changes_no_bits(backend: str) -> None:
    case = TRANSPOSED["groups 2"]
    x, w, _, g = arrays(case)
    whole = F.conv_transpose2d_backward(g, x, w, *case[2:])
    for mask in np.ndindex(2, 2, 2):
        wanted = (bool(mask[0]), bool(mask[1]), bool(mask[2]))
        some = F.conv_transpose2d_backward(g, x, w, *case[2:], output_mask=wanted)
        for part, right, keep in zip(some, whole, wanted, strict=True):
            assert (part is None) == (not keep)
            assert part is None or (right is not None and same_bits(part, right))


@pytest.mark.parametrize(
    ("shape", "weight", "options", "words"),
    [
        ((2, 4, 5, 5), (3, 4, 3, 3), {}, ["weight", "(3, 4, 3, 3)", "(2, 4, 5, 5)"]),
        ((2, 4, 5, 5), (4, 4, 3), {}, ["weight", "4-D", "in_channels, out_channels / groups"]),
        ((2, 4, 5, 5), (4, 0, 3, 3), {}, ["weight", "empty"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"groups": 3}, ["groups", "3"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"output_padding": 1}, ["output_padding", "stride", "dilation", "(1, 1)"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"output_padding": (0, 3), "stride": (4, 3)}, ["output_padding", "(0, 3)"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"padding": (4, 0)}, ["padding", "(-1, 7)"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"padding": ((1, 1), (1, 1))}, ["padding"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"algorithm": "winograd", "stride": 2}, ["winograd"]),
        ((2, 4, 5, 5), (4, 2, 3, 3), {"algorithm": "depthwise"}, ["depthwise", "output channels"]),
    ],
)
def test_what_does_not_fit(shape: Any, weight: Any, options: dict[str, Any], words: list[str]) -> None:
    error = TypeError if options.get("padding") == ((1, 1), (1, 1)) else ValueError
    with pytest.raises(error, match=r"^conv_transpose2d: ") as caught:
        F.conv_transpose2d(np.zeros(shape), np.zeros(weight), **options)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_one_axis_speaks_of_one_axis() -> None:
    x, w = np.zeros((2, 4, 5)), np.zeros((4, 2, 3))
    for options, words in [
        ({"output_padding": 2}, "output_padding must be smaller than stride or dilation, got 2 for stride 1 and"),
        ({"padding": 4}, "padding 4 leaves nothing of the result: its size would be -1"),
        ({"stride": (1, 2)}, "stride must be one int, got 2"),
        ({"groups": 3}, "groups must divide the number of input channels"),
    ]:
        with pytest.raises(ValueError, match=rf"^conv_transpose1d: {words}"):
            F.conv_transpose1d(x, w, **options)
    with pytest.raises(ValueError, match=r"conv_transpose1d: weight must be 3-D, \(in_channels, .*, length\)"):
        F.conv_transpose1d(x, w[..., None])


def test_results_beyond_all_memory() -> None:
    with pytest.raises((ValueError, MemoryError)):
        F.conv_transpose2d(np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 3, 3)), stride=2**31 - 1)
    with pytest.raises(ValueError, match="more than an address can hold"):
        F.conv_transpose2d(np.zeros((0, 1, 9, 9)), np.zeros((1, 1, 3, 3)), stride=2**31 - 1)
