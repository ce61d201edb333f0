"""pad and pad2d: the A cases, and NumPy's own padding as the reference."""

from typing import Any

import numpy as np
import pytest
from grids import distinct

from fastconv import functional as F

from .calls import same_bits

ROW = np.array([0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("amounts", "mode", "expected"),
    [
        ((2, 2), "reflect", [2, 1, 0, 1, 2, 1, 0]),  # A08
        ((2, 2), "replicate", [0, 0, 0, 1, 2, 2, 2]),  # A10
        ((3, 1), "circular", [0, 1, 2, 0, 1, 2, 0]),
        ((-1, 2), "constant", [1, 2, 5, 5]),
        ((4, -5), "constant", [5, 5]),
    ],
)
def test_known_rows(amounts: tuple[int, int], mode: str, expected: list[float], backend: str) -> None:
    value = 5 if mode == "constant" else 0
    assert F.pad(ROW, amounts, mode, value).tolist() == expected
    image = F.pad2d(ROW.reshape(1, 3), ((0, 0), amounts), mode, value)
    assert image.tolist() == [expected]


def test_one_pixel_far_out(backend: str) -> None:
    """A10."""
    assert (F.pad(np.array([[7.0]]), (10**4, 10**4), mode="replicate") == 7).all()
    assert F.pad(np.array([[7.0]]), (10**6, 0), mode="replicate").shape == (1, 10**6 + 1)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize("axes", [1, 2, 3, 4])
def test_any_axes_as_numpy(mode: str, axes: int, backend: str) -> None:
    """Amounts are given for the last axis first."""
    x = distinct((4, 3, 5, 4), np.float32)
    amounts = [1, 2, 0, 3, 2, 1, 3, 0][: 2 * axes]
    pairs = [(0, 0)] * (4 - axes) + [(amounts[2 * i], amounts[2 * i + 1]) for i in reversed(range(axes))]
    if mode == "reflect":
        amounts, pairs = [min(a, 2) for a in amounts], [(min(a, 2), min(b, 2)) for a, b in pairs]
    constant = {"constant_values": -3} if mode == "constant" else {}
    expected = np.pad(x, pairs, mode=mode, **constant)
    assert same_bits(F.pad(x, amounts, mode, -3 if constant else 0.0), expected)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (2, 3, 4, 5), (2, 1, 3, 4, 5)], ids=str)
def test_pad2d_is_pad_of_the_last_two_axes(mode: str, shape: tuple[int, ...], backend: str) -> None:
    x = distinct(shape)
    assert same_bits(F.pad2d(x, ((3, 1), (0, 4)), mode), F.pad(x, (0, 4, 3, 1), mode))
    assert same_bits(F.pad2d(x, (1, 2), mode), F.pad(x, (2, 2, 1, 1), mode))


def test_crop_and_pad_at_once(backend: str) -> None:
    """A02, and axes before the last two."""
    x = distinct((3, 4, 5, 6))
    assert same_bits(F.pad(x, (-1, -1) * 4), np.ascontiguousarray(x[1:-1, 1:-1, 1:-1, 1:-1]))
    expected = np.pad(x[1:], ((0, 5), (0, 0), (2, 0), (0, 0)), constant_values=9)[:, 1:, :, :-2]
    assert same_bits(F.pad(x, (0, -2, 2, 0, -1, 0, -1, 5), value=9), np.ascontiguousarray(expected))


@pytest.mark.parametrize("amounts", [(-2, -3), (-5, 0), (0, -5), (3, -8)], ids=str)
def test_crop_to_nothing(amounts: tuple[int, int], backend: str) -> None:
    """A04."""
    assert F.pad(distinct((2, 3, 5)), amounts).shape == (2, 3, 0)
    assert F.pad2d(distinct((2, 3, 5)), ((0, 0), amounts)).shape == (2, 3, 0)
    assert not F.pad2d_backward(np.zeros((2, 3, 0)), (2, 3, 5), ((0, 0), amounts)).any()


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (2, 0, 3), (0, 2, 2, 0)], ids=str)
def test_constant_padding_of_nothing(shape: tuple[int, ...], backend: str) -> None:
    """A13, R10: what is added is all there is."""
    amounts = (1, 2) * len(shape)
    expected = np.pad(np.zeros(shape), [(1, 2)] * len(shape), constant_values=4)
    assert same_bits(F.pad(np.zeros(shape), amounts, value=4), expected)


def test_scalar() -> None:
    assert same_bits(F.pad(np.float32(2), ()), np.array(2, np.float32))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("shape", [(2, 3, 4, 0), (2, 3, 0, 4), (2, 0, 4, 4), (0, 4, 4), (3, 0)], ids=str)
def test_nothing_to_copy_from(mode: str, shape: tuple[int, ...]) -> None:
    """A13."""
    for function, amounts in [(F.pad, (0, 0, 0, 0)), (F.pad2d, 0)]:
        with pytest.raises(ValueError, match=rf"^{function.__name__}: input must have at least one"):
            function(np.zeros(shape), amounts, mode)


@pytest.mark.parametrize(
    ("error", "amounts", "mode"),
    [
        (ValueError, (-2, -2), "constant"),  # A05
        (ValueError, (4, -8), "constant"),
        (ValueError, (-1, 0), "reflect"),  # A12
        (ValueError, (-1, 1), "replicate"),
        (ValueError, (1, -1), "circular"),
        (ValueError, (3, 0), "reflect"),
        (ValueError, (0, 3), "reflect"),
        (ValueError, (4, 0), "circular"),
        (ValueError, (), "constant"),  # A14
        (ValueError, (1,), "constant"),
        (ValueError, (1, 1, 1), "constant"),
        (ValueError, (1, 1, 1, 1), "constant"),
        (TypeError, (1.0, 1), "constant"),
        (TypeError, (True, 1), "constant"),
        (TypeError, 1, "constant"),
        (TypeError, "11", "constant"),
        (TypeError, None, "constant"),
        (ValueError, (-8353862602220610428, 0), "constant"),  # A15
        (ValueError, (2**62, 0), "constant"),
        (ValueError, (0, 2**70), "replicate"),
    ],
)
def test_amounts_that_are_refused(error: type[Exception], amounts: Any, mode: str) -> None:
    with pytest.raises(error, match=r"^pad: pad "):
        F.pad(ROW, amounts, mode)
    if isinstance(amounts, tuple) and len(amounts) == 2:
        with pytest.raises(error, match=r"^pad2d: padding "):
            F.pad2d(ROW.reshape(1, 3), ((0, 0), amounts), mode)


@pytest.mark.parametrize("value", ["a", 1j, np.ones(2), None, True, [1.0]], ids=repr)
def test_value_must_be_a_number(value: Any) -> None:
    """A07."""
    for function, amounts in [(F.pad, (1, 1)), (F.pad2d, 1)]:
        with pytest.raises(TypeError, match=rf"^{function.__name__}: value must be a real number"):
            function(np.zeros((2, 2)), amounts, value=value)


def test_value_must_fit() -> None:
    x = np.zeros((2, 2), np.float32)
    for value in [1e300, -(10**400)]:
        with pytest.raises(ValueError, match="pad: value must be within the range of float32"):
            F.pad(x, (1, 1), value=value)
    for number in [np.inf, np.nan, np.float16(3), np.int8(-3), 7]:
        assert np.array_equal(F.pad(x, (1, 0), value=number)[:, 0], [number] * 2, equal_nan=True)
    with pytest.raises(ValueError, match='pad: value must be 0 with mode "reflect"'):
        F.pad(x, (1, 1), mode="reflect", value=1)


def test_results_beyond_all_memory() -> None:
    with pytest.raises((ValueError, MemoryError)):
        F.pad2d(np.zeros((1, 1)), 2**31 - 1)
    with pytest.raises((ValueError, MemoryError)):
        F.pad(np.zeros((1, 1, 1)), (2**31 - 1,) * 6)
    # Nothing on the way is larger than the result: here the axis that is cropped away goes first.
    assert F.pad(np.zeros((5, 1, 1)), (2**20, 0, 2**20, 0, -5, 0)).shape == (0, 2**20 + 1, 2**20 + 1)
    assert F.pad(np.zeros((2, 2**10, 1)), (2**10, 0, 1 - 2**10, 0, 1, 0)).shape == (3, 1, 2**10 + 1)
