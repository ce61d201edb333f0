"""The losses on cases with an answer of their own: the L cases."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from grids import LOGITS, normals

from fastconv import functional as F

from .calls import same_bits

LOGIT = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, -1.0], [1.0, 1.0, 1.0], [5.0, 0.0, 0.0]])
IDS = np.array([0, 2, 1, 0])


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits(dtype: Any, backend: str) -> None:
    """L10."""
    loss, grad = F.softmax_cross_entropy(np.array([[1e4, 0]], dtype), np.array([1]))
    assert type(loss) is float
    assert loss == 1e4
    assert grad.tolist() == [[1, -1]]


def test_smoothing(backend: str) -> None:
    """L19."""
    loss = F.cross_entropy(LOGIT[:1], IDS[:1], label_smoothing=0.1)
    assert loss == pytest.approx(0.5076059644, abs=1e-10)
    for bad in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"label_smoothing must be in \[0, 1\]"):
            F.cross_entropy(LOGIT, IDS, label_smoothing=bad)
    for wrong in ("0.1", None, True, [0.1]):
        with pytest.raises(TypeError, match="label_smoothing must be a real number"):
            F.cross_entropy(LOGIT, IDS, label_smoothing=wrong)


def test_definition(backend: str) -> None:
    expected = -np.log(softmax(LOGIT)[np.arange(4), IDS])
    assert np.allclose(F.cross_entropy(LOGIT, IDS, reduction="none"), expected, rtol=1e-14)
    assert F.cross_entropy(LOGIT, IDS, reduction="sum") == pytest.approx(expected.sum(), rel=1e-14)
    loss, grad = F.softmax_cross_entropy(LOGIT, IDS)
    assert loss == pytest.approx(expected.mean(), rel=1e-14)
    assert np.allclose(grad, (softmax(LOGIT) - np.eye(3)[IDS]) / 4, rtol=1e-14, atol=1e-16)


def test_class_ids_are_one_hot_probabilities(backend: str) -> None:
    for options in [{}, {"label_smoothing": 0.3}, {"reduction": "sum", "weight": np.array([1.0, 2.0, 0.5])}]:
        by_id = F.softmax_cross_entropy(LOGIT, IDS, **options)
        by_probability = F.softmax_cross_entropy(LOGIT, np.eye(3)[IDS], **options)
        assert by_id[0] == pytest.approx(by_probability[0], rel=1e-14)
        assert np.allclose(by_id[1], by_probability[1], rtol=1e-13, atol=1e-16)


def test_mean_divides_by_the_weights_that_count(backend: str) -> None:
    weight = np.array([1.0, 10.0, 4.0])
    each = F.cross_entropy(LOGIT, IDS, weight, reduction="none")
    assert F.cross_entropy(LOGIT, IDS, weight) == pytest.approx(each.sum() / (1 + 4 + 10 + 1), rel=1e-14)
    assert F.cross_entropy(LOGIT, IDS, weight, 1) == pytest.approx((each.sum() - each[2]) / 6, rel=1e-14)
    # ... but for probabilities by the number of samples.
    each = F.cross_entropy(LOGIT, np.eye(3)[IDS], weight, reduction="none")
    assert F.cross_entropy(LOGIT, np.eye(3)[IDS], weight) == pytest.approx(each.sum() / 4, rel=1e-14)


@pytest.mark.parametrize("ignore_index", [-100, 255, -1, 2, np.int64(0)])
@pytest.mark.parametrize("dtype", ["i8", "i2", ">i4"])
def test_ignored_samples(ignore_index: int, dtype: str, backend: str) -> None:
    """L15: even with logits that are no numbers."""
    logits, target = LOGIT.copy(), IDS.astype(dtype)
    target[:] = [1, ignore_index, 1, ignore_index]
    logits[1] = np.nan
    logits[3] = np.inf
    counted = F.softmax_cross_entropy(logits[::2], target[::2])
    loss, grad = F.softmax_cross_entropy(logits, target, ignore_index=ignore_index)
    assert loss == counted[0]
    assert np.array_equal(grad[::2], counted[1])
    assert not grad[1::2].any()
    each = F.cross_entropy(logits, target, ignore_index=ignore_index, reduction="none")
    assert not each[1::2].any()
    assert F.cross_entropy(logits, target, ignore_index=ignore_index, reduction="sum") == pytest.approx(each.sum())
    upstream = np.array([1, np.inf, 2, np.nan])
    grad = F.cross_entropy_backward(upstream, logits, target, ignore_index=ignore_index, reduction="none")
    assert not grad[1::2].any()
    assert np.isfinite(grad).all()


def test_ignored_pixels(backend: str) -> None:
    logits, target = normals((2, 3, 4, 5), np.float64), np.arange(40).reshape(2, 4, 5) % 3
    target[1, 2, 3] = target[0, 0, 0] = -100
    loss, grad = F.softmax_cross_entropy(logits, target)
    flat, ids = logits.transpose(0, 2, 3, 1).reshape(-1, 3), target.reshape(-1)
    flat_loss, flat_grad = F.softmax_cross_entropy(flat[ids >= 0], ids[ids >= 0])
    assert loss == pytest.approx(flat_loss, rel=1e-14)
    assert np.allclose(grad.transpose(0, 2, 3, 1).reshape(-1, 3)[ids >= 0], flat_grad, rtol=1e-13)
    assert not grad[1, :, 2, 3].any()


def test_nothing_counts(backend: str) -> None:
    """L17 and the mean of ignored samples: no warning either."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for logits, target in [(LOGIT[:0], IDS[:0]), (LOGIT, np.full(4, -100)), (LOGIT[:0], np.zeros((0, 3)))]:
            loss, grad = F.softmax_cross_entropy(logits, target)
            assert math.isnan(loss)
            assert grad.shape == logits.shape
            assert not grad.any()
            assert F.cross_entropy(logits, target, reduction="sum") == 0
            assert not np.any(F.cross_entropy(logits, target, reduction="none"))
            assert not F.cross_entropy_backward(np.inf, logits, target).any()
        assert math.isnan(F.binary_cross_entropy_with_logits(LOGIT[:0], LOGIT[:0]))
        assert F.binary_cross_entropy_with_logits(LOGIT[:0], LOGIT[:0], reduction="sum") == 0
        assert F.binary_cross_entropy_with_logits_backward(1.0, LOGIT[:0], LOGIT[:0]).shape == (0, 3)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (2, 3, 0), (0, 3, 2), (2, 0, 4), (0,)], ids=str)
def test_empty_logits(shape: tuple[int, ...], backend: str) -> None:
    """R10."""
    axis = min(len(shape) - 1, 1)
    rest = shape[:axis] + shape[axis + 1 :]
    ignored = np.full(rest, -100)
    each = F.cross_entropy(np.zeros(shape), ignored, reduction="none")
    assert np.shape(each) == rest
    assert F.softmax_cross_entropy(np.zeros(shape), np.zeros(shape), reduction="sum")[0] == 0


@pytest.mark.parametrize("shape", LOGITS.values(), ids=LOGITS)
def test_pixels_are_rows_in_another_order(shape: tuple[int, int, int], backend: str) -> None:
    logits = normals(shape)
    n, c, pixels = shape
    target = np.random.default_rng(0).integers(0, c, (n, pixels))
    each = F.cross_entropy(logits, target, reduction="none")
    rows = F.cross_entropy(logits.transpose(0, 2, 1).reshape(-1, c), target.reshape(-1), reduction="none")
    assert each.shape == (n, pixels)
    assert np.allclose(each.reshape(-1), rows, rtol=1e-5, atol=1e-6)


def test_one_sample_without_a_batch(backend: str) -> None:
    assert F.cross_entropy(LOGIT[0], np.array(2)) == F.cross_entropy(LOGIT[:1], np.array([2]))
    assert same_bits(
        F.softmax_cross_entropy(LOGIT[0], np.int8(2))[1], F.softmax_cross_entropy(LOGIT[:1], IDS[1:2])[1][0]
    )
    each = F.cross_entropy(LOGIT[0], np.array(2), reduction="none")
    assert isinstance(each, np.ndarray)
    assert each.shape == ()


@pytest.mark.parametrize("bad", [-1, 3, 2**40, -(2**63), -99])
def test_class_ids_are_checked_first(bad: int) -> None:
    """L12: before anything is read, and with the place."""
    target = np.array([[0, 1], [2, 2], [1, 0], [0, 0]])
    target[2, 1] = bad
    for function in (F.softmax_cross_entropy, F.cross_entropy):
        with pytest.raises(ValueError, match=rf"^{function.__name__}: target\[2, 1\] = {bad} is not in \[0, 3\)"):
            function(np.full((4, 3, 2), np.nan), target)


def test_class_ids_are_checked_as_they_are() -> None:
    """Seen as signed, this one would be the default of ignore_index."""
    target = np.array([0, 2**64 - 100], np.uint64)
    with pytest.raises(ValueError, match=r"target\[1\] = 18446744073709551516 is not in \[0, 3\)"):
        F.cross_entropy(LOGIT[:2], target)


def test_far_wrong_class_id() -> None:
    target = np.zeros(70002, np.uint8)
    target[70001] = 10
    with pytest.raises(ValueError, match=r"target\[70001\] = 10 is not in \[0, 10\)"):
        F.cross_entropy(np.zeros((70002, 10), np.float32), target)


@pytest.mark.parametrize(
    ("error", "logits", "target", "word"),
    [
        (ValueError, LOGIT, IDS[:, None], "target"),  # L14
        (ValueError, LOGIT, IDS[:3], "target"),
        (ValueError, LOGIT, np.array(1), "target"),
        (ValueError, LOGIT, np.eye(3, dtype=int)[IDS], "target"),
        (ValueError, LOGIT, np.eye(4)[IDS], "target"),
        (ValueError, LOGIT, np.eye(3)[:3], "target"),
        (TypeError, LOGIT, IDS.astype(float), "target"),  # L13
        (TypeError, LOGIT, IDS.astype(bool), "target"),
        (TypeError, LOGIT, IDS.astype(object), "target"),
        (TypeError, LOGIT, IDS.tolist(), "target"),
        (TypeError, LOGIT, np.eye(3, dtype=np.float32)[IDS], "target"),
        (ValueError, np.array(1.0), np.array(0), "logits"),
    ],
)
def test_targets_that_do_not_fit(error: type[Exception], logits: Any, target: Any, word: str) -> None:
    with pytest.raises(error, match=rf"^cross_entropy: {word}"):
        F.cross_entropy(logits, target)


def test_other_arguments_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="weight must have shape"):
        F.cross_entropy(LOGIT, IDS, np.ones(4))
    with pytest.raises(ValueError, match="ignore_index must be < 0 with probabilities"):
        F.cross_entropy(LOGIT, LOGIT, ignore_index=0)
    for wrong in (1.0, None, "1", True):
        with pytest.raises(TypeError, match="ignore_index must be an int"):
            F.cross_entropy(LOGIT, IDS, ignore_index=wrong)
    with pytest.raises(ValueError, match="ignore_index must be <="):
        F.cross_entropy(LOGIT, IDS, ignore_index=2**63)
    for wrong in (None, "1", np.ones(1), True, [1.0]):
        with pytest.raises(TypeError, match="grad_output must be a real number"):
            F.cross_entropy_backward(wrong, LOGIT, IDS)
    with pytest.raises(ValueError, match="grad_output must have shape"):
        F.cross_entropy_backward(np.ones(3), LOGIT, IDS, reduction="none")


def test_upstream_gradient_is_a_factor(backend: str) -> None:
    grad = F.softmax_cross_entropy(LOGIT, IDS)[1]
    for factor in (3, 3.0, np.float32(3), np.array(3.0), np.int64(3)):
        assert np.allclose(F.cross_entropy_backward(factor, LOGIT, IDS), 3 * grad, rtol=1e-15)


def test_binary_at_the_ends(backend: str) -> None:
    """L21."""
    z, t = np.array([1e4, 1e4, -1e4, -1e4]), np.array([1.0, 0.0, 1.0, 0.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert F.binary_cross_entropy_with_logits(z, t, reduction="none").tolist() == [0, 1e4, 1e4, 0]
        grad = F.binary_cross_entropy_with_logits_backward(np.ones(4), z, t, reduction="none")
    assert grad.tolist() == [0, 1, -1, 0]


def test_binary_weights_broadcast(backend: str) -> None:
    z, t = normals((3, 4), np.float64), np.array([0.0, 1.0, 1.0, 0.3])[None].repeat(3, 0)
    w, p = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 0.5, 1.0])
    sigmoid = 1 / (1 + np.exp(-z))
    expected = -w * (p * t * np.log(sigmoid) + (1 - t) * np.log(1 - sigmoid))
    assert np.allclose(F.binary_cross_entropy_with_logits(z, t, w, "none", p), expected, rtol=1e-13)
    # The mean divides by the number of elements, whatever their weights.
    assert F.binary_cross_entropy_with_logits(z, t, w, "mean", p) == pytest.approx(expected.mean(), rel=1e-13)
    for name in ("weight", "pos_weight"):
        with pytest.raises(ValueError, match=f"{name} must broadcast to the shape of input"):
            F.binary_cross_entropy_with_logits(z, t, **{name: np.ones((2, 3, 4))})
