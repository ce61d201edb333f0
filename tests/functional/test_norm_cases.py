"""Normalisation: impossible arguments, running statistics, precision in float32."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from grids import normals

from fastconv import functional as F

X = np.ones((2, 4, 3, 3), np.float32)
ONE = np.ones((1, 4), np.float32)
MEAN, VAR = np.zeros(4, np.float32), np.ones(4, np.float32)


def frozen(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


IMPOSSIBLE: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, "batch_norm: input", lambda: F.batch_norm(X[0, :, 0, 0], MEAN, VAR)),
    (ValueError, "batch_norm: input", lambda: F.batch_norm(X[:, :0], MEAN[:0], VAR[:0])),
    (ValueError, "batch_norm: input", lambda: F.batch_norm(X[..., :0], MEAN, VAR)),
    (ValueError, "batch_norm: input must have more than one", lambda: F.batch_norm(ONE, MEAN, VAR, training=True)),
    (ValueError, "batch_norm: input must have more", lambda: F.batch_norm(X[:1, :, :1, :1], MEAN, VAR, training=True)),
    (TypeError, "batch_norm: running_mean", lambda: F.batch_norm(X, None, VAR)),
    (TypeError, "batch_norm: running_var", lambda: F.batch_norm(X, MEAN, None)),
    (ValueError, "batch_norm: running_mean and running_var", lambda: F.batch_norm(X, MEAN, None, training=True)),
    (ValueError, "batch_norm: running_mean", lambda: F.batch_norm(X, MEAN[:3], VAR)),
    (ValueError, "batch_norm: running_var", lambda: F.batch_norm(X, MEAN, frozen(VAR), training=True)),
    (TypeError, "batch_norm: running_mean", lambda: F.batch_norm(X, memoryview(MEAN), VAR, training=True)),
    (TypeError, "batch_norm: running_mean", lambda: F.batch_norm(X, MEAN.astype(np.float64), VAR)),
    (TypeError, "batch_norm: training", lambda: F.batch_norm(X, MEAN, VAR, training=1)),
    (TypeError, "batch_norm: momentum", lambda: F.batch_norm(X, MEAN, VAR, momentum=None)),
    (TypeError, "batch_norm: eps", lambda: F.batch_norm(X, MEAN, VAR, eps="1")),
    (ValueError, "batch_norm: eps", lambda: F.batch_norm(X, MEAN, VAR, eps=-1e-5)),
    (ValueError, "batch_norm: eps", lambda: F.batch_norm(X, MEAN, VAR, eps=np.nan)),
    (ValueError, "batch_norm: eps", lambda: F.batch_norm(X, None, None, training=True, eps=0.0)),
    (ValueError, "group_norm: num_groups", lambda: F.group_norm(X, 3)),
    (ValueError, "group_norm: num_groups", lambda: F.group_norm(X, 0)),
    (TypeError, "group_norm: num_groups", lambda: F.group_norm(X, 2.0)),
    (ValueError, "group_norm: input must have more than one value", lambda: F.group_norm(X[:1, :, 0, 0], 4)),
    (ValueError, "group_norm: eps", lambda: F.group_norm(X, 2, eps=-1)),
    (ValueError, "layer_norm: input must have shape", lambda: F.layer_norm(X, (4, 3))),
    (ValueError, "layer_norm: input must have shape", lambda: F.layer_norm(X[0, 0, 0], (3, 3))),
    (ValueError, "layer_norm: normalized_shape", lambda: F.layer_norm(X, ())),
    (ValueError, "layer_norm: normalized_shape", lambda: F.layer_norm(X, -3)),
    (TypeError, "layer_norm: normalized_shape", lambda: F.layer_norm(X, 3.0)),
    (ValueError, "layer_norm: weight", lambda: F.layer_norm(X, (3, 3), X[0, 0, 0])),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
def test_what_is_impossible_is_refused(number: int) -> None:
    error, text, call = IMPOSSIBLE[number]
    with pytest.raises(error, match=f"^{text}"):
        call()
    assert not MEAN.any() and (VAR == 1).all()


def test_running_statistics_of_any_layout_are_updated() -> None:
    x = normals((5, 4, 3), np.float32)
    mean, var = MEAN.copy(), VAR.copy()
    F.batch_norm(x, mean, var, training=True)
    wide = np.zeros((4, 2), ">f4")
    swapped = np.ones(8, np.float32)[::-2]
    F.batch_norm(x, wide[:, 1], swapped, training=True)
    np.testing.assert_array_equal(wide[:, 1], mean)
    np.testing.assert_array_equal(swapped, var)
    assert not wide[:, 0].any()


def test_an_empty_batch_leaves_them() -> None:
    mean, var = MEAN.copy(), VAR.copy()
    assert F.batch_norm(X[:0], mean, var, training=True).shape == (0, 4, 3, 3)
    np.testing.assert_array_equal(mean, MEAN)
    np.testing.assert_array_equal(var, VAR)


def test_no_variance_at_all() -> None:
    """A channel of equal numbers becomes the bias, exactly."""
    x = np.full((3, 2, 5, 5), 0.1, np.float32)
    bias = np.array([0.25, -3.0], np.float32)
    for y in (F.batch_norm(x, None, None, None, bias, True), F.group_norm(x, 2, None, bias)):
        np.testing.assert_array_equal(y, np.broadcast_to(bias[:, None, None], y.shape))
    np.testing.assert_array_equal(F.layer_norm(x, (5, 5)), 0)


@pytest.mark.parametrize("offset", [0, 3, 1e3])
def test_float32_is_precise(offset: float) -> None:
    """Within two units of rounding of the normalised number: also where the mean is far larger than the deviation."""
    x = (offset + normals((16, 8, 28, 28), np.float64)).astype(np.float32)
    wide, eps = x.astype(np.float64), float(np.finfo(np.float32).eps)
    for narrow, right in (
        (F.batch_norm(x, None, None, training=True), F.batch_norm(wide, None, None, training=True)),
        (F.group_norm(x, 4), F.group_norm(wide, 4)),
        (F.layer_norm(x, (28, 28)), F.layer_norm(wide, (28, 28))),
    ):
        np.testing.assert_allclose(narrow, right, rtol=2 * eps, atol=2 * eps)
    g = normals(x.shape, np.float32, rng="g")
    narrow_gradients = F.batch_norm_backward(g, x, None, None, training=True)
    right_gradients = F.batch_norm_backward(g.astype(np.float64), wide, None, None, training=True)
    for result, expected in zip(narrow_gradients, right_gradients, strict=True):
        assert result is not None and expected is not None
        np.testing.assert_allclose(result, expected, rtol=4 * eps, atol=4 * eps * (1 if result.ndim > 1 else 100))


def test_infinities_stay_in_their_channel() -> None:
    x = normals((4, 3, 5, 5), np.float32)
    x[1, 1, 2, 2] = np.inf
    y = F.batch_norm(x, None, None, training=True)
    assert np.isfinite(y[:, [0, 2]]).all() and not np.isfinite(y[1, 1, 2, 2])
