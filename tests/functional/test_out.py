"""The argument ``out`` of conv2d: where it may be, and what is refused."""

from typing import Any

import numpy as np
import pytest

from fastconv import functional as F

from .calls import CALLS, Maker, same_bits


def call(**more: Any) -> Any:
    return F.conv2d(**(CALLS["conv2d"](Maker()) | more))


SHAPE = call().shape


@pytest.mark.parametrize(
    "out",
    [
        np.empty(SHAPE, np.float32),
        np.empty(SHAPE[::-1], np.float32).T,
        np.empty(SHAPE, ">f4"),
        np.empty((*SHAPE, 2), np.float32)[..., 1],
        np.empty((2 * SHAPE[0], *SHAPE[1:]), np.float32)[::-2],
    ],
    ids=["contiguous", "transposed", "byte-swapped", "every second", "backwards"],
)
def test_any_layout(out: np.ndarray) -> None:
    assert call(out=out) is out
    assert np.array_equal(out, call())


def test_rest_of_memory_is_not_touched() -> None:
    memory = np.full((*SHAPE, 2), 99, np.float32)
    call(out=memory[..., 1])
    assert (memory[..., 0] == 99).all()


def test_overlap_with_inputs() -> None:
    x, w = Maker()(1, 2, 6, 6), Maker()(2, 2, 3, 3)
    expected = F.conv2d(x, w, padding=1)
    assert F.conv2d(x, w, padding=1, out=x) is x
    assert same_bits(x, expected)
    memory = np.concatenate([x.ravel(), np.zeros(20, x.dtype)])
    shifted = F.conv2d(memory[:72].reshape(x.shape), w, padding=1, out=memory[20:].reshape(x.shape))
    assert same_bits(shifted, F.conv2d(expected, w, padding=1))


def test_wrong_out_is_refused_and_left_alone() -> None:
    read_only = np.zeros(SHAPE, np.float32)
    read_only.flags.writeable = False
    wrong: list[tuple[type[Exception], Any]] = [
        (TypeError, [0.0]),
        (TypeError, np.ma.zeros(SHAPE, np.float32)),
        (TypeError, np.zeros(SHAPE, np.float64)),
        (TypeError, np.zeros(SHAPE, np.int32)),
        (ValueError, np.zeros(SHAPE[1:], np.float32)),
        (ValueError, np.zeros((SHAPE[0] + 1, *SHAPE[1:]), np.float32)),
        (ValueError, read_only),
    ]
    for error, out in wrong:
        with pytest.raises(error, match=r"^conv2d: out "):
            call(out=out)
    for _, out in wrong:
        assert not np.any(out)
    out = np.zeros(SHAPE, np.float32)
    with pytest.raises(ValueError, match=r"^conv2d: stride "):
        call(out=out, stride=0)
    assert not out.any()


def test_unbatched_and_empty() -> None:
    arguments = CALLS["conv2d"](Maker())
    out = np.empty(SHAPE[1:], np.float32)
    assert F.conv2d(**arguments | {"input": arguments["input"][0], "out": out}) is out
    assert np.array_equal(out, call()[0])
    empty = np.empty((0, *SHAPE[1:]), np.float32)
    assert F.conv2d(**arguments | {"input": arguments["input"][:0], "out": empty}) is empty
