"""R3 and R4 for every function and array argument: any layout gives the same bits, inputs stay, results are new."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastconv import functional as F

from .calls import CALLS, WITH_WEIGHTS, Maker, arrays, run, same_bits


def negative_strides(x: np.ndarray) -> np.ndarray:
    back = (slice(None, None, -1),) * x.ndim
    return x[back].copy()[back]


def unaligned(x: np.ndarray) -> np.ndarray:
    memory = np.zeros(x.nbytes + 1, np.uint8)
    view = memory[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "fortran": np.asfortranarray,
    "negative strides": negative_strides,
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "transposed": lambda x: x.T.copy().T,
    "unaligned": unaligned,
    "C40-read-only": read_only,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "byte-swapped and reversed": lambda x: negative_strides(x.astype(x.dtype.newbyteorder())),
    "dtype with metadata": lambda x: x.astype(np.dtype(x.dtype, metadata={"unit": "px"})),
    "subclass": lambda x: x.view(type("Image", (np.ndarray,), {})),
    "C35-memoryview": memoryview,
    "C35-DLPack": lambda x: type(
        "Tensor", (), {"__dlpack__": x.__dlpack__, "__dlpack_device__": x.__dlpack_device__}
    )(),
    "C35-__array__": lambda x: type("Tensor", (), {"__array__": lambda self, *args, **kwargs: x})(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("name", "argument"), arrays("fi"))
def test_layout_changes_no_bits(name: str, argument: str, layout: str) -> None:
    arguments = CALLS[name](Maker())
    expected = run(name, arguments)
    arguments[argument] = LAYOUTS[layout](arguments[argument])
    assert all(map(same_bits, run(name, arguments), expected))


@pytest.mark.parametrize(("name", "argument"), arrays("fi"))
def test_zero_strides(name: str, argument: str) -> None:
    """C38."""
    arguments = CALLS[name](Maker())
    wide = np.broadcast_to(arguments[argument].flat[-1], arguments[argument].shape)
    expected = run(name, arguments | {argument: wide.copy()})
    assert all(map(same_bits, run(name, arguments | {argument: wide}), expected))


@pytest.mark.parametrize(("name", "argument"), arrays("fi"))
def test_memory_maps(name: str, argument: str, tmp_path: Path) -> None:
    """C40."""
    arguments = CALLS[name](Maker())
    expected = run(name, arguments)
    np.save(tmp_path / "x.npy", arguments[argument])
    arguments[argument] = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert all(map(same_bits, run(name, arguments), expected))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_inputs_stay_and_results_are_new(name: str, dtype: Any, backend: str) -> None:
    arguments = CALLS[name](Maker(dtype))
    inputs = {key: value for key, value in arguments.items() if isinstance(value, np.ndarray)}
    before = {key: value.copy() for key, value in inputs.items()}
    for result in run(name, arguments):
        assert result.flags.carray
        assert result.dtype.isnative
        assert not any(np.shares_memory(result, value) for value in inputs.values())
    assert all(same_bits(value, before[key]) for key, value in inputs.items())


def test_nothing_to_do_is_still_a_copy() -> None:
    """A01, C52."""
    x = Maker()(2, 3, 4, 5)
    one = np.eye(3, dtype=x.dtype).reshape(3, 3, 1, 1)
    results = [
        F.pad(x, (0, 0)),
        F.pad(x, (0, 0, 0, 0, 0, 0)),
        F.pad(np.float64(3.0), ()),
        F.pad2d(x, 0, mode="reflect"),
        F.conv2d(x, one),
        F.max_pool2d(x, 1),
        F.avg_pool2d(x, 1),
        F.relu(abs(x)),
    ]
    for result, expected in zip(results, [x, x, np.array(3.0), x, x, x, x, abs(x)], strict=True):
        assert np.array_equal(result, expected)
        assert result.flags.carray
        assert not np.shares_memory(result, x)
        assert not np.shares_memory(result, expected)


def test_one_array_for_two_arguments() -> None:
    """C42."""
    x = Maker()(2, 2, 2, 2)
    assert same_bits(F.conv2d(x, x), F.conv2d(x, x.copy()))
    assert same_bits(F.conv2d(x, x[:1, :, :1]), F.conv2d(x, x[:1, :, :1].copy()))
    row = x.reshape(4, 4)
    assert same_bits(F.linear(row, row, row[0]), F.linear(row, row.copy(), row[0].copy()))


@pytest.mark.parametrize("name", CALLS)
def test_empty_batch(name: str, backend: str) -> None:
    """R10, C01, M01, V15, G01, L01: two images less than a batch of two; gradients of weights are zeros."""
    full = run(name, CALLS[name](Maker()))
    none = run(name, CALLS[name](Maker(batch=0)))
    for i, (result, wanted) in enumerate(zip(none, full, strict=True)):
        if name in WITH_WEIGHTS and i:
            assert result.shape == wanted.shape
            assert not result.any()
        else:
            assert result.shape == (wanted.shape[0] - 2, *wanted.shape[1:])
        assert result.dtype == wanted.dtype
