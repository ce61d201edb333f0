"""Losses: known values, and what a gradient needs."""

import math

import numpy as np
import pytest

from fastconv import nn

LOSSES = [
    nn.CrossEntropyLoss,
    nn.BCEWithLogitsLoss,
    nn.MSELoss,
    nn.L1Loss,
    nn.HuberLoss,
    nn.SmoothL1Loss,
]


def test_cross_entropy_at_the_ends(backend):
    criterion = nn.CrossEntropyLoss()
    assert criterion(np.array([[1e4, 0.0]]), np.array([1])) == 1e4
    assert criterion.backward().tolist() == [[1, -1]]
    smooth = nn.CrossEntropyLoss(label_smoothing=0.1)
    assert smooth(np.array([[2.0, 1.0, 0.0]]), np.array([0])) == pytest.approx(0.5076059644443803, rel=1e-12)


def test_ignored_rows_may_hold_anything(backend):
    criterion = nn.CrossEntropyLoss()
    z = np.array([[np.nan, np.inf], [0.0, 0.0]])
    assert criterion(z, np.array([-100, 1])) == pytest.approx(math.log(2))
    assert criterion.backward().tolist() == [[0, 0], [0.5, -0.5]]
    assert math.isnan(criterion(z, np.array([-100, -100])))
    assert not criterion.backward().any()


def test_binary_cross_entropy_does_not_overflow(backend):
    criterion = nn.BCEWithLogitsLoss(reduction="none")
    z = np.array([1e4, -1e4, 1e4, -1e4])
    assert criterion(z, np.array([1.0, 0.0, 0.0, 1.0])).tolist() == [0, 0, 1e4, 1e4]
    assert criterion.backward().tolist() == [0, 0, 1, -1]


@pytest.mark.parametrize("loss", LOSSES)
def test_backward_needs_forward_in_training_mode(loss):
    criterion = loss()
    with pytest.raises(RuntimeError, match="forward must be called first"):
        criterion.backward()
    criterion.eval()
    criterion(np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(RuntimeError, match="training mode"):
        criterion.backward()


def test_the_gradient_is_new_each_time():
    criterion = nn.CrossEntropyLoss()
    criterion(np.zeros((2, 2), np.float32), np.array([0, 1]))
    first = criterion.backward()
    expected = first.copy()
    first[...] = 7
    np.testing.assert_array_equal(criterion.backward(), expected)
    assert criterion.backward(2.0).dtype == np.float32


@pytest.mark.parametrize("loss", LOSSES)
def test_arguments(loss):
    for reduction in ("avg", "", "Mean"):
        with pytest.raises(ValueError, match="reduction"):
            loss(reduction=reduction)
    with pytest.raises(TypeError, match="reduction"):
        loss(reduction=None)
    criterion = loss(reduction="none")
    criterion(np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="grad_output"):
        criterion.backward(np.ones(3))
    with pytest.raises(TypeError, match="grad_output"):
        criterion.backward("1")


def test_label_smoothing():
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="label_smoothing"):
            nn.CrossEntropyLoss(label_smoothing=value)
    for value in ("0.1", None, True):
        with pytest.raises(TypeError, match="label_smoothing"):
            nn.CrossEntropyLoss(label_smoothing=value)


def test_parameters_of_losses():
    for value in (0, -1.0, math.nan):
        with pytest.raises(ValueError, match="HuberLoss: delta must be > 0"):
            nn.HuberLoss(delta=value)
    for value in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="SmoothL1Loss: beta must be >= 0"):
            nn.SmoothL1Loss(beta=value)
    for value in ("1", None, True):
        with pytest.raises(TypeError, match="delta"):
            nn.HuberLoss(delta=value)
        with pytest.raises(TypeError, match="beta"):
            nn.SmoothL1Loss(beta=value)


def test_log_likelihood_needs_forward_and_ignores_samples(backend):
    criterion = nn.NLLLoss(reduction="none")
    with pytest.raises(RuntimeError, match="forward must be called first"):
        criterion.backward()
    with pytest.raises(ValueError, match="reduction"):
        nn.NLLLoss(reduction="avg")
    logs = np.array([[np.nan, np.nan], [-0.5, -1.0]])
    assert criterion(logs, np.array([-100, 1])).tolist() == [0, 1]
    assert criterion.backward().tolist() == [[0, 0], [0, -1]]
    with pytest.raises(ValueError, match="grad_output"):
        criterion.backward(np.ones(3))
    assert criterion.eval()(logs, np.array([-100, 0])).tolist() == [0, 0.5]
