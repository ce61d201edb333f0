"""conv2d on cases with an answer of their own: the C and G cases that are neither an error nor a grid."""

import warnings

import numpy as np
import pytest
from grids import integers, normals

from fastconv import functional as F

from .calls import same_bits


def test_unbatched_is_the_first_of_a_batch(backend: str) -> None:
    """C02."""
    x, w, b = integers((3, 5, 5)), integers((4, 3, 3, 3)), integers((4,))
    assert same_bits(F.conv2d(x, w, b), F.conv2d(x[None], w, b)[0])
    g = integers((4, 3, 3))
    one, batch = F.conv2d_backward(g, x, w), F.conv2d_backward(g[None], x[None], w)
    assert same_bits(one[0], batch[0][0])
    assert all(map(same_bits, one[1:], batch[1:]))


def test_kernel_of_the_size_of_the_padded_input(backend: str) -> None:
    """C09: one output, the dot product of everything."""
    x, w = integers((1, 2, 3, 2)), integers((1, 2, 3, 2), rng="w")
    assert F.conv2d(x, w).item() == np.vdot(x, w)
    w = integers((1, 2, 3, 2), rng="w")
    assert F.conv2d(x, w, padding=((0, 0), (1, 1)), dilation=(1, 3)).shape == (1, 1, 1, 1)


def test_dilation_of_a_single_tap_does_nothing(backend: str) -> None:
    """C23."""
    x, w = integers((2, 3, 4, 5)), integers((2, 3, 1, 1))
    assert same_bits(F.conv2d(x, w, dilation=2**31 - 1), F.conv2d(x, w))
    g = integers((2, 2, 4, 5))
    far, near = F.conv2d_backward(g, x, w, dilation=2**31 - 1), F.conv2d_backward(g, x, w)
    assert all(map(same_bits, far, near))


def test_stride_as_large_as_it_may_be(backend: str) -> None:
    x, w = integers((2, 3, 4, 5)), integers((2, 3, 2, 2))
    assert same_bits(F.conv2d(x, w, stride=2**31 - 1), F.conv2d(x, w)[:, :, :1, :1])


def test_no_bias_is_a_bias_of_zeros(backend: str) -> None:
    """C32."""
    x, w = normals((2, 3, 6, 7)), normals((5, 3, 3, 3))
    assert same_bits(F.conv2d(x, w), F.conv2d(x, w, np.zeros(5, np.float32)))


def test_identity(backend: str) -> None:
    """C52."""
    x = normals((2, 3, 4, 5))
    assert np.array_equal(F.conv2d(x, np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)), x)


@pytest.mark.parametrize(
    ("padding", "expected"),
    [("valid", ((0, 0), (0, 0))), ((1,), 1), ((1, 2), ((1, 1), (2, 2))), ("same", ((1, 1), (0, 1)))],
)
def test_spellings_of_padding(padding: object, expected: object) -> None:
    x, w = integers((1, 2, 6, 5)), integers((3, 2, 3, 2))
    assert same_bits(F.conv2d(x, w, padding=padding), F.conv2d(x, w, padding=expected))


@pytest.mark.parametrize("stride", [1, 2, 3, (1, 3)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_keeps_the_size_up_to_the_stride(stride: int | tuple[int, int], dilation: int) -> None:
    """C28 as semantics has it: SAME_UPPER, also with a stride."""
    x, w = integers((1, 1, 7, 6)), integers((1, 1, 3, 4))
    sh, sw = stride if isinstance(stride, tuple) else (stride, stride)
    y = F.conv2d(x, w, stride=stride, padding="same", dilation=dilation)
    assert y.shape[2:] == (-(-7 // sh), -(-6 // sw))


@pytest.mark.parametrize(
    ("numpy_mode", "mode"), [("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular"), ("constant", "zeros")]
)
def test_padding_modes_pad_first(numpy_mode: str, mode: str, backend: str) -> None:
    x, w, b = integers((2, 2, 4, 5)), integers((3, 2, 3, 2)), integers((3,))
    padded = np.pad(x, ((0, 0), (0, 0), (2, 1), (0, 3)), mode=numpy_mode)
    y = F.conv2d(x, w, b, stride=2, padding=((2, 1), (0, 3)), padding_mode=mode)
    assert same_bits(y, F.conv2d(padded, w, b, stride=2))


def windows_with(bad: np.ndarray) -> np.ndarray:
    """Which outputs of a padded 3x3 convolution of one channel have a bad pixel in their window."""
    padded = np.pad(bad, 1)
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).any(axis=(2, 3))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_pixels_stay_in_their_windows(bad: float, backend: str) -> None:
    """C43, C44, G19."""
    x = np.ones((1, 1, 9, 21), np.float32)
    x[0, 0, 4, 7] = bad
    w = np.ones((1, 1, 3, 3), np.float32)
    where = windows_with(~np.isfinite(x[0, 0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = F.conv2d(x, w, np.zeros(1, np.float32), padding=1, algorithm="direct")
        grad_input = F.conv2d_backward(x, np.ones_like(x), w, padding=1, algorithm="direct")[0]
    assert np.array_equal(~np.isfinite(y[0, 0]), where)
    assert np.array_equal(~np.isfinite(grad_input[0, 0]), where)


def test_infinities_of_both_signs_give_nan_where_they_meet(backend: str) -> None:
    """C44."""
    x = np.zeros((1, 1, 1, 9), np.float32)
    x[..., 3], x[..., 5] = np.inf, -np.inf
    y = F.conv2d(x, np.ones((1, 1, 1, 3), np.float32), algorithm="direct")[0, 0, 0]
    assert np.array_equal(y, [0, np.inf, np.inf, np.nan, -np.inf, -np.inf, 0], equal_nan=True)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_weights_meet_the_padding(bad: float, backend: str) -> None:
    """C45: zeros in the padding are pixels like others: a bad weight makes NaN of them."""
    x, w = integers((1, 2, 4, 5)), integers((2, 2, 3, 3))
    w[1, 0, 0, 0] = bad
    y = F.conv2d(x, w, padding=1, algorithm="direct")
    expected = F.conv2d(F.pad2d(x, 1), w, algorithm="direct")
    assert np.array_equal(y, expected, equal_nan=True)
    assert np.isfinite(y[:, 0]).all()


def test_overflow_is_infinite_and_subnormals_are_kept(backend: str) -> None:
    """C46, C47."""
    one = np.ones((1, 1, 1, 1), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert F.conv2d(one * np.float32(3e38), one * 10).item() == np.inf
    tiny = np.float32(1e-45)
    assert tiny > 0
    assert F.conv2d(one * tiny, one).item() == tiny


def test_grad_input_is_zero_where_no_window_was(backend: str) -> None:
    x, w = integers((1, 1, 8, 8)), np.ones((1, 1, 2, 2), np.float32)
    grad_input = F.conv2d_backward(np.ones((1, 1, 3, 3), np.float32), x, w, stride=3)[0]
    touched = np.zeros((8, 8), bool)
    for p in range(3):
        for q in range(3):
            touched[3 * p : 3 * p + 2, 3 * q : 3 * q + 2] = True
    assert np.array_equal(grad_input[0, 0], touched)


def test_backward_uses_the_values_of_now() -> None:
    """G08."""
    x, w, g = integers((1, 2, 4, 4)), integers((2, 2, 2, 2)), integers((1, 2, 3, 3))
    before = F.conv2d_backward(g, x, w)
    assert all(map(same_bits, F.conv2d_backward(g, x, w), before))
    x *= 2
    after = F.conv2d_backward(g, x, w)
    assert np.array_equal(after[1], 2 * before[1])


def test_long_sums(backend: str) -> None:
    """C48: exact in float64; in float32 within n * eps."""
    n = 2**12 + 1
    assert F.conv2d(np.ones((1, n, 1, 1)), np.ones((1, n, 1, 1))).item() == n
    x, w = normals((1, n, 1, 1)), normals((1, n, 1, 1), rng="w")
    exact = np.vdot(x.astype(np.float64), w.astype(np.float64))
    bound = n * np.finfo(np.float32).eps * np.vdot(abs(x).astype(np.float64), abs(w).astype(np.float64))
    assert abs(F.conv2d(x, w).item() - exact) <= bound


@pytest.mark.parametrize(
    ("shape", "weight", "options", "words"),
    [
        ((1, 1, 4, 4), (1, 1, 10, 10), {}, ["kernel", "(10, 10)", "(4, 4)"]),  # C07
        ((1, 1, 4, 4), (1, 1, 3, 3), {"dilation": 2}, ["kernel", "dilation", "(5, 5)"]),  # C08
        ((1, 1, 4, 4), (1, 1, 3, 6), {"padding": ((9, 9), (0, 1))}, ["(3, 6)", "(22, 5)"]),
        ((2, 5, 4, 4), (4, 2, 3, 3), {"groups": 2}, ["groups", "(2, 5, 4, 4)", "(4, 2, 3, 3)"]),  # C15
        ((2, 4, 4, 4), (3, 2, 3, 3), {"groups": 2}, ["groups", "(2, 4, 4, 4)", "(3, 2, 3, 3)"]),
        ((2, 4, 4, 4), (4, 3, 3, 3), {}, ["weight", "(2, 4, 4, 4)", "(4, 3, 3, 3)"]),
        ((2, 4, 4, 4), (0, 4, 3, 3), {}, ["weight", "(0, 4, 3, 3)"]),  # C06
        ((2, 4, 4, 4), (4, 4, 0, 3), {}, ["weight"]),
        ((2, 4, 4, 4), (4, 4, 3, 0), {}, ["weight"]),
        ((2, 4, 4, 4), (4, 4, 3), {}, ["weight", "4-D"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": "SAME"}, ["padding", "SAME"]),  # C29
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": ""}, ["padding"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": ((1, 2), (3, 4), (5, 6))}, ["padding"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": ((1, 2, 3), (4, 5, 6))}, ["padding"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": ((1, 2), (3, -4))}, ["padding", ">= 0"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": 4, "padding_mode": "reflect"}, ["padding", "reflect"]),
        ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": 5, "padding_mode": "circular"}, ["padding", "circular"]),
    ],
)
def test_what_does_not_fit(
    shape: tuple[int, ...], weight: tuple[int, ...], options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"^conv2d: ") as caught:
        F.conv2d(np.zeros(shape), np.zeros(weight), **options)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("shape", [(5,), (1,), (4, 1), (1, 4, 1, 1), ()], ids=str)
def test_bias_has_one_value_for_each_channel(shape: tuple[int, ...]) -> None:
    """C31."""
    with pytest.raises(ValueError, match="conv2d: bias must have shape"):
        F.conv2d(np.zeros((1, 2, 4, 4)), np.zeros((4, 2, 3, 3)), np.zeros(shape))


@pytest.mark.parametrize("mode", ["zeros", "replicate"])
def test_results_beyond_all_memory(mode: str) -> None:
    """C24: refused at once."""
    with pytest.raises((ValueError, MemoryError)):
        F.conv2d(np.zeros((1, 1, 3, 3)), np.zeros((1, 1, 3, 3)), padding=2**30, padding_mode=mode)
    with pytest.raises(ValueError, match="more than an address can hold"):
        F.conv2d(np.zeros((0, 1, 3, 3)), np.zeros((1, 1, 3, 3)), padding=2**31 - 1, padding_mode=mode)
