"""Confusion matrices."""

import numpy as np
import pytest

from fastconv import plot
from fastconv.plot.confusion_matrix import count_pairs

RNG = np.random.default_rng(0)


def test_counts_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    truth, guess = RNG.integers(0, 7, (2, 500))
    np.testing.assert_array_equal(count_pairs(truth, guess, 7), metrics.confusion_matrix(truth, guess))


def texts(ax):
    return {text.get_position()[::-1]: text.get_text() for text in ax.texts}


def test_squares_have_the_counts_and_empty_ones_nothing():
    ax = plot.confusion_matrix([0, 0, 0, 2, 2], [0, 0, 1, 2, 0])
    assert texts(ax) == {(0, 0): "2", (0, 1): "1", (2, 0): "1", (2, 2): "1"}
    assert ax.get_title() == "3 of 5 are right (60.00 %)"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2"]


def test_colors_are_shares_of_a_row_right_and_wrong_apart():
    ax = plot.confusion_matrix([0, 0, 0, 0, 1], [0, 0, 0, 1, 1])
    right, wrong = (image.get_array() for image in ax.images)
    assert right.compressed().tolist() == [0.75, 1] and wrong.compressed().tolist() == [0.25]


def test_all_right():
    ax = plot.confusion_matrix([0, 1], [0, 1])
    assert ax.images[1].get_array().count() == 0
    ax.figure.canvas.draw()


def test_names_of_classes_that_do_not_occur():
    ax = plot.confusion_matrix([0, 1], [0, 0], display_labels=["cat", "dog", "crocodile"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog", "crocodile"]
    assert ax.get_xlim() == (-0.5, 2.5)


def test_many_classes_have_colors_only():
    truth = np.arange(100)
    ax = plot.confusion_matrix(truth, np.roll(truth, 1))
    assert not ax.texts and len(ax.get_xticks()) <= 30
    ax.figure.canvas.draw()


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, ">i8"])
def test_any_integers(dtype):
    assert texts(plot.confusion_matrix(np.array([0, 1], dtype), [1, 1])) == {(0, 1): "1", (1, 1): "1"}


def test_errors():
    with pytest.raises(TypeError, match="confusion_matrix: y_pred must be integers"):
        plot.confusion_matrix([0, 1], np.eye(2))
    with pytest.raises(ValueError, match=r"confusion_matrix: y_pred must be 2 ids, one for each example"):
        plot.confusion_matrix([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="confusion_matrix: y_true must be >= 0, got -1"):
        plot.confusion_matrix([0, -1], [0, 1])
    with pytest.raises(ValueError, match="display_labels must be 3, one for each class, got 2"):
        plot.confusion_matrix([0, 1], [0, 2], display_labels=["cat", "dog"])
