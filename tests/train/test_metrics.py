"""Metrics: the same as scikit-learn's, batch by batch."""

import math

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv.train import Accuracy, ConfusionMatrix, Metric, TopKAccuracy

rng = np.random.default_rng(0)
LOGITS = rng.integers(-3, 4, size=(200, 7)).astype(np.float32)  # small integers: many are equal
LABELS = rng.integers(7, size=200)


def measured(metric, logits=LOGITS, labels=LABELS, size=33):
    metric.reset()
    for i in range(0, len(logits), size):
        metric.update(logits[i : i + size], labels[i : i + size])
    return metric.value()


def test_like_sklearn():
    sklearn = pytest.importorskip("sklearn.metrics")
    guesses = LOGITS.argmax(axis=1)
    assert measured(Accuracy()) == sklearn.accuracy_score(LABELS, guesses)
    matrix = measured(ConfusionMatrix())
    assert matrix.dtype == np.int64 and np.array_equal(matrix, sklearn.confusion_matrix(LABELS, guesses))
    distinct = LOGITS + rng.permuted(np.tile(np.linspace(0, 0.5, 7, dtype=np.float32), (200, 1)), axis=1)
    for k in (1, 2, 5, 6):
        expected = sklearn.top_k_accuracy_score(LABELS, distinct, k=k)
        assert measured(TopKAccuracy(k), distinct) == pytest.approx(expected, rel=1e-12)


def test_relations():
    assert measured(TopKAccuracy(1)) == measured(Accuracy())
    assert measured(TopKAccuracy(7)) == measured(TopKAccuracy(100)) == 1.0
    tops = [measured(TopKAccuracy(k)) for k in range(1, 8)]
    assert tops == sorted(tops)
    matrix = measured(ConfusionMatrix())
    assert matrix.sum() == 200 and np.trace(matrix) / 200 == measured(Accuracy())


@pytest.mark.parametrize("make", [Accuracy, TopKAccuracy, ConfusionMatrix])
def test_ignored_ids_and_other_targets(make):
    some = np.where(np.arange(200) < 80, LABELS, -100)
    kept = measured(make(), LOGITS[:80], LABELS[:80])
    assert np.array_equal(measured(make(ignore_index=-100), labels=some), kept)
    one_hot = np.eye(7, dtype=np.float32)[LABELS]
    assert np.array_equal(measured(make(), labels=one_hot), measured(make()))
    images, ids = LOGITS.reshape(10, 4, 5, 7).transpose(0, 3, 1, 2), LABELS.reshape(10, 4, 5)
    assert np.array_equal(measured(make(), images, ids, 3), measured(make()))


def test_nothing_and_nan():
    assert math.isnan(Accuracy().value()) and math.isnan(TopKAccuracy(2).value())
    assert ConfusionMatrix().value().shape == (0, 0)
    nan = np.full((1, 3), np.nan)
    assert measured(TopKAccuracy(2), nan, np.array([1])) == 0.0


def test_states():
    for metric in (Accuracy(), TopKAccuracy(2), ConfusionMatrix()):
        expected = measured(metric)
        metric.reset()
        metric.update(LOGITS[:50], LABELS[:50])
        state, other = metric.state_dict(), type(metric)() if not hasattr(metric, "k") else TopKAccuracy(2)
        metric.update(LOGITS[50:], LABELS[50:])
        other.load_state_dict(state)
        other.update(LOGITS[50:], LABELS[50:])
        assert np.array_equal(other.value(), expected) and np.array_equal(metric.value(), expected)
        with pytest.raises(ValueError, match="state must have"):
            other.load_state_dict({})


def trainer(loss=None, **options):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    return fc.Trainer(model, loss or nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), **options)


def test_a_trainer_measures_what_it_is_told():
    train, test = fc.data.digits()
    several = trainer(metrics=["top3_accuracy", "confusion_matrix", Accuracy()])
    history = several.fit(train, test, epochs=2, rng=0, progress=False)
    assert list(history) == [
        "loss", "top3_accuracy", "accuracy", "val_loss", "val_top3_accuracy", "val_accuracy",
    ]  # fmt: skip
    found = several.evaluate(test)
    assert list(found) == ["loss", "top3_accuracy", "confusion_matrix", "accuracy"]
    assert found["top3_accuracy"] == history["val_top3_accuracy"][-1] > found["accuracy"]
    assert found["confusion_matrix"].sum() == 360
    assert list(trainer(metrics=[]).evaluate(test)) == ["loss"]


def test_a_loss_of_numbers_has_no_accuracy():
    x, y = np.ones((4, 1, 8, 8), np.float32), np.zeros((4, 10), np.float32)
    assert list(trainer(nn.MSELoss()).evaluate((x, y))) == ["loss"]
    assert list(trainer(nn.BCEWithLogitsLoss()).evaluate((x, y))) == ["loss", "accuracy"]


def test_a_metric_of_ones_own():
    class Largest(Metric):
        name = "largest"

        def reset(self):
            self.seen = -np.inf

        def update(self, outputs, targets):
            self.seen = max(self.seen, float(outputs.max()))

        def value(self):
            return self.seen

    _, test = fc.data.digits()
    found = trainer(metrics=[Largest()])
    assert found.evaluate(test)["largest"] == found.predict(test[0]).max()
    for method in ("reset", "value"):
        with pytest.raises(NotImplementedError, match=method):
            getattr(Metric(), method)()


@pytest.mark.parametrize(
    ("metrics", "error", "text"),
    [
        (["accurate"], ValueError, "'accurate'"),
        (["top0_accuracy"], ValueError, "top"),
        (["accuracy", "accuracy"], ValueError, "different names"),
        ("accuracy", TypeError, "sequence"),
        ([3], TypeError, "names and Metrics"),
        ([Accuracy], TypeError, "names and Metrics"),
    ],
)
def test_errors(metrics, error, text):
    with pytest.raises(error, match=f"Trainer: metrics must.*{text}"):
        trainer(metrics=metrics)
