"""Sizes against their definition: counting the places where a window fits."""

import numpy as np
import pytest

from fastconv import _geometry
from fastconv._geometry import conv2d_geometry, integer, pad2d_geometry, pair, pool2d_geometry, shown, sides


def places(size: int, before: int, after: int, taps: int, step: int, spread: int) -> int:
    """How many windows fit, by trying."""
    return sum(start + spread * (taps - 1) < size + before + after for start in range(0, size + before + after, step))


def test_conv2d_counts_the_places_of_the_kernel() -> None:
    tried = 0
    for h, top, bottom, r, step, spread in np.ndindex(7, 3, 3, 4, 3, 3):
        size, taps, stride, dilation = h + 1, r + 1, step + 1, spread + 1
        count = places(size, top, bottom, taps, stride, dilation)
        arguments = ((1, 1, size, 1), (1, 1, taps, 1), (stride, 1), ((top, bottom), (0, 0)), (dilation, 1), 1)
        if count:
            geometry, _ = conv2d_geometry("conv2d", *arguments)
            assert (count, 1) == (geometry.P, geometry.Q)
            tried += 1
        else:
            with pytest.raises(ValueError, match="kernel"):
                conv2d_geometry("conv2d", *arguments)
    assert tried > 1000


def test_pooling_counts_the_places_of_the_window() -> None:
    for w, pad, s, step, spread in np.ndindex(7, 3, 4, 3, 3):
        size, taps, stride, dilation = w + 1, s + 1, step + 1, spread + 1
        span = dilation * (taps - 1) + 1
        if 2 * pad > span:
            continue
        count = places(size, pad, pad, taps, stride, dilation)
        arguments = ((1, 1, 1, size), (1, taps), (1, stride), (0, pad), (1, dilation))
        if count:
            assert count == pool2d_geometry("pool", *arguments, False).Q
        else:
            with pytest.raises(ValueError, match="output size is too small"):
                pool2d_geometry("pool", *arguments, False)
        # Rounding up adds the window after the last one that fits, if any pixel of it lies beyond the ones before,
        # unless it starts behind the image.
        last = (count - 1) * stride + span
        more = last < size + 2 * pad and count * stride < size + pad
        if count:
            assert count + more == pool2d_geometry("pool", *arguments, True).Q


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_same_padding_is_the_least_that_gives_the_size(stride: int, dilation: int) -> None:
    for size in range(1, 12):
        for taps in range(1, 6):
            geometry, ((top, bottom), (left, right)) = conv2d_geometry(
                "conv2d", (1, 1, size, 1), (1, 1, taps, 1), (stride, 1), "same", (dilation, 1), 1
            )
            assert -(-size // stride) == geometry.P
            assert bottom - top in (0, 1)
            assert (left, right) == (0, 0)
            if top + bottom:
                assert places(size, top + bottom - 1, 0, taps, stride, dilation) < geometry.P


def test_padding_adds_up() -> None:
    geometry = pad2d_geometry("pad2d", "input", (2, 3, 4, 5), ((1, 2), (-3, 4)), "constant")
    assert geometry == (6, 4, 5, 7, 6, 1, -3)
    assert geometry._fields == ("planes", "H", "W", "P", "Q", "top", "left")


def test_order_of_the_fields_is_that_of_the_kernels() -> None:
    assert " ".join(_geometry.Conv2dGeometry._fields) == (
        "N C H W K R S P Q stride_h stride_w pad_top pad_left dilation_h dilation_w groups"
    )
    assert " ".join(_geometry.Pool2dGeometry._fields) == (
        "planes H W R S P Q stride_h stride_w pad_h pad_w dilation_h dilation_w"
    )


def test_results_are_python_integers() -> None:
    shapes = (2, 4, 9, 9), (4, 2, 3, 3)
    two = np.int32(2)
    geometry, _ = conv2d_geometry("conv2d", *shapes, two, (two, np.uint8(1)), [two], two)
    assert all(type(value) is int for value in geometry)
    assert all(type(value) is int for value in pool2d_geometry("pool", shapes[0], two, two, two - 1, two, True))
    assert all(type(value) is int for side in sides("f", "p", ((two, 1), (np.int8(3), 4)), 0) for value in side)


def test_pairs() -> None:
    for value, expected in [(3, (3, 3)), ((3,), (3, 3)), ([3, 4], (3, 4)), (range(3, 5), (3, 4)), (np.int8(3), (3, 3))]:
        assert pair("f", "a", value, 1) == expected


def test_messages_say_what_came_and_what_is_allowed() -> None:
    for call, text in [
        (lambda: pair("conv2d", "stride", (0, 1), 1), "conv2d: stride must be >= 1, got (0, 1)"),
        (lambda: pair("f", "a", 2**31, 0), "f: a must be <= 2147483647, got 2147483648"),
        (lambda: integer("f", "a", -1, 0), "f: a must be >= 0, got -1"),
        (lambda: sides("f", "a", ((0, 1), (2, -3)), 0), "f: a must be >= 0, got ((0, 1), (2, -3))"),
    ]:
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == text


def test_any_value_can_be_shown() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise KeyError

    assert shown(Mute()) == "a value of type Mute"
    assert shown(10**5000) == "a value of type int"
    assert len(shown("x" * 1000)) == 80
    assert shown((1, 2)) == "(1, 2)"
