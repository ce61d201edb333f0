"""Dropout: what is dropped, how often, and what the others are multiplied by."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from grids import normals

import fastconv as fc
from fastconv import functional as F


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_elements_are_zero_or_scaled(p: float, dtype: Any) -> None:
    x = normals((100, 1000), dtype)
    y, mask = F.dropout(x, p, rng=0)
    scale = dtype(1 / (1 - p)) if p < 1 else dtype(0)
    np.testing.assert_array_equal(y, np.where(mask, x * scale, 0))
    assert abs(1 - mask.mean() - p) < 5 * (p * (1 - p) / x.size) ** 0.5 + 1e-12
    g = normals(x.shape, dtype, rng=1)
    np.testing.assert_array_equal(F.dropout_backward(g, mask, p), np.where(mask, g * scale, 0))


def test_channels_are_zero_or_scaled() -> None:
    x = normals((40, 50, 3, 4), np.float32)
    y, mask = F.dropout2d(x, 0.25, rng=0)
    assert mask.shape == (40, 50, 1, 1) and 400 < 2000 - mask.sum() < 600
    np.testing.assert_array_equal(y, np.where(mask, x * np.float32(1 / 0.75), 0))
    np.testing.assert_array_equal(F.dropout_backward(x, mask, 0.25), y)


def test_out_of_training_nothing_happens() -> None:
    x = normals((2, 3, 4, 5), np.float32)
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    for function in (F.dropout, F.dropout2d):
        y, mask = function(x, 0.5, False, rng=rng)
        np.testing.assert_array_equal(y, x)
        assert mask.all() and not np.shares_memory(x, y)
        np.testing.assert_array_equal(F.dropout_backward(x, mask, 0.5, False), x)
    assert rng.bit_generator.state == before


def test_masks_come_from_the_generator_only(backend: str) -> None:
    x = normals((300, 500), np.float32)
    masks = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        masks.append(F.dropout(x, rng=7)[1])
    rng = np.random.default_rng(7)
    masks += [F.dropout(x.astype(np.float64), rng=rng)[1]]
    assert all(np.array_equal(mask, masks[0]) for mask in masks)
    assert not np.array_equal(F.dropout(x, rng=rng)[1], masks[0])
    assert not np.array_equal(F.dropout(x)[1], F.dropout(x)[1])


IMPOSSIBLE: list[tuple[type[Exception], str, Callable[[np.ndarray], Any]]] = [
    (ValueError, "dropout: p", lambda x: F.dropout(x, -0.1)),
    (ValueError, "dropout: p", lambda x: F.dropout(x, 1.5)),
    (ValueError, "dropout2d: p", lambda x: F.dropout2d(x, np.nan)),
    (TypeError, "dropout: p", lambda x: F.dropout(x, "0.5")),
    (TypeError, "dropout: training", lambda x: F.dropout(x, 0.5, 1)),
    (TypeError, "dropout: rng", lambda x: F.dropout(x, rng=0.5)),
    (ValueError, "dropout: rng", lambda x: F.dropout(x, rng=-1)),
    (ValueError, "dropout2d: input", lambda x: F.dropout2d(x[0])),
    (TypeError, "dropout_backward: mask", lambda x: F.dropout_backward(x, x)),
    (ValueError, "dropout_backward: mask", lambda x: F.dropout_backward(x, x[0] > 0)),
]


@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
def test_what_is_impossible_is_refused(number: int) -> None:
    error, text, call = IMPOSSIBLE[number]
    with pytest.raises(error, match=f"^{text}"):
        call(np.ones((2, 3, 4, 5), np.float32))
