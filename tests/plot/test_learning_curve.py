"""Learning curves."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import plot

HISTORY = {
    "loss": [1.0, 0.5, 0.05],
    "accuracy": [0.5, 0.75, 1.0],
    "val_loss": [1.1, 0.6, 0.5],
    "val_accuracy": [0.4, 0.6, 0.8],
    "lr": [0.1, 0.1, 0.05],
}


def lines_of(ax):
    return [line.get_ydata().tolist() for line in ax.get_lines()]


def test_every_metric_with_its_validation():
    loss, accuracy, lr = plot.learning_curve(HISTORY)
    assert lines_of(loss) == [HISTORY["loss"], HISTORY["val_loss"]]
    np.testing.assert_allclose(lines_of(accuracy), [[50, 75, 100], [40, 60, 80]])
    assert lines_of(lr) == [HISTORY["lr"]]
    assert [ax.get_ylabel() for ax in (loss, accuracy, lr)] == ["loss", "accuracy (%)", "lr"]
    assert {ax.get_xlabel() for ax in (loss, accuracy, lr)} == {"epoch"}
    texts = [text.get_text() for text in loss.get_legend().get_texts()]
    assert texts == ["training (last: 0.05)", "validation (last: 0.5)"] and lr.get_legend() is None


def test_epochs_are_counted_from_one():
    (ax,) = plot.learning_curve({"loss": [3.0, 2.0]})
    assert ax.get_lines()[0].get_xdata().tolist() == [1, 2]


@pytest.mark.parametrize(
    ("values", "scale"),
    [([10.0, 1.0], "log"), ([9.0, 1.0], "linear"), ([10.0, 0.0], "linear"), ([np.nan, 1.0], "linear")],
)
def test_losses_that_span_a_factor_of_ten_are_logarithmic(values, scale):
    (ax,) = plot.learning_curve({"loss": values})
    assert ax.get_yscale() == scale


def test_some_metrics_on_axes_of_ones_own(ax):
    (given,) = plot.learning_curve(HISTORY, ["accuracy"], axes=ax)
    assert given is ax and ax.get_ylabel() == "accuracy (%)"
    two = ax.figure.subplots(2, 1)
    assert list(plot.learning_curve(HISTORY, ["loss", "lr"], axes=two)) == list(two)
    with pytest.raises(ValueError, match="axes must be 3, one for each metric, got 2"):
        plot.learning_curve(HISTORY, axes=two)


def test_a_validation_without_its_metric_has_a_diagram_of_its_own():
    (ax,) = plot.learning_curve({"val_top5_accuracy": [0.5, 0.9]})
    assert ax.get_ylabel() == "val top5 accuracy (%)"


def test_what_training_returns():
    history = fc.History()
    history.append({"loss": 0.5, "accuracy": 0.75})
    (loss, accuracy) = plot.learning_curve(history)
    assert lines_of(loss) == [[0.5]] and lines_of(accuracy) == [[75]]
    assert loss.get_lines()[0].get_marker() == "."  # a line of one point is not seen


def test_errors():
    for empty in ({}, fc.History()):
        with pytest.raises(ValueError, match="learning_curve: history must have an epoch"):
            plot.learning_curve(empty)
    with pytest.raises(ValueError, match=r"metrics must be some of loss, accuracy, lr; got \['f1'\]"):
        plot.learning_curve(HISTORY, ["f1"])
    with pytest.raises(TypeError, match=r"history\['loss'\] must be numbers"):
        plot.learning_curve({"loss": ["high"]})
    with pytest.raises(ValueError, match=r"history\['loss'\] must have a number per epoch"):
        plot.learning_curve({"loss": []})
