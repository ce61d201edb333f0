"""When training ends, where it goes on, and that it can be repeated."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import r2_score

from fastconv import nn
from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

from .quick import blobs, tiny, weights_of

ESTIMATORS = [ConvNetClassifier, ConvNetRegressor]
QUICK = {"model": tiny, "learning_rate_init": 0.02, "random_state": 0}
unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("make", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adagrad"])
@unfinished
def test_every_solver_learns(make, solver):
    images, y = blobs()
    estimator = make(**QUICK, solver=solver, batch_size=10, max_iter=40).fit(images, y)
    assert estimator.score(images, y) > 0.8
    assert estimator.loss_ < 0.5 * estimator.loss_curve_[0]
    assert len(estimator.loss_curve_) == estimator.n_iter_ and estimator.best_loss_ == min(estimator.loss_curve_)


@pytest.mark.parametrize("make", ESTIMATORS)
@unfinished
def test_a_seed_gives_the_same_bits(make):
    images, y = blobs()
    options = {**QUICK, "batch_size": 7, "early_stopping": True, "max_iter": 5}
    one, same = (make(**options).fit(images, y) for _ in range(2))
    assert np.array_equal(weights_of(one), weights_of(same)) and one.loss_curve_ == same.loss_curve_
    assert np.array_equal(weights_of(one.fit(images, y)), weights_of(same))
    other = make(**{**options, "random_state": 1}).fit(images, y)
    assert not np.array_equal(weights_of(one), weights_of(other))
    state = np.random.RandomState(3)
    one, two = (make(**{**options, "random_state": state}).fit(images, y) for _ in range(2))
    assert not np.array_equal(weights_of(one), weights_of(two))


def test_training_ends_when_nothing_gets_better():
    images, y = blobs()
    estimator = ConvNetClassifier(**QUICK, tol=10.0, n_iter_no_change=4).fit(images, y)
    assert estimator.n_iter_ == 6  # the first is the best, then one more than 4 were not better by 10


def test_training_that_has_not_ended_warns():
    with pytest.warns(ConvergenceWarning, match=r"ConvNetClassifier: 3 epochs \(max_iter\) were not enough"):
        ConvNetClassifier(**QUICK, max_iter=3).fit(*blobs())


@pytest.mark.parametrize("make", ESTIMATORS)
@unfinished
def test_early_stopping_keeps_the_best_weights(make):
    images, y = blobs(200)
    options = {**QUICK, "learning_rate_init": 0.1, "batch_size": 10, "max_iter": 12}
    estimator = make(**options, early_stopping=True, validation_fraction=0.25).fit(images, y)
    scores = estimator.validation_scores_
    assert len(scores) == estimator.n_iter_ and estimator.best_validation_score_ == max(scores)
    assert estimator.best_loss_ is None
    # Stopped right after its best epoch, it would have the same weights.
    best = int(np.argmax(scores)) + 1
    again = make(**options | {"max_iter": best}, early_stopping=True, validation_fraction=0.25).fit(images, y)
    assert np.array_equal(weights_of(estimator), weights_of(again))
    assert make(**options).fit(images, y).validation_scores_ is None


def test_early_stopping_needs_samples():
    images, y = blobs(6)
    with pytest.raises(ValueError, match="at least 2 samples to validate on, got 1"):
        ConvNetRegressor(**QUICK, early_stopping=True).fit(images, y)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        ConvNetRegressor(**QUICK, early_stopping=True).partial_fit(images, y)


@unfinished
def test_a_warm_start_goes_on():
    images, y = blobs()
    options = {**QUICK, "solver": "sgd", "momentum": 0.0, "batch_size": 1000}
    whole = ConvNetClassifier(**options, max_iter=6).fit(images, y)
    parts = ConvNetClassifier(**options, max_iter=3, warm_start=True).fit(images, y).fit(images, y)
    # The order of samples is another, and with it the last bits.
    np.testing.assert_allclose(weights_of(parts), weights_of(whole), rtol=1e-9)
    assert parts.n_iter_ == 3 and len(parts.loss_curve_) == 6
    cold = ConvNetClassifier(**options, max_iter=3).fit(images, y).fit(images, y)
    assert len(cold.loss_curve_) == 3
    with pytest.raises(ValueError, match=r"y must be of the classes \[0 1 2\], got \[7\]"):
        parts.fit(images, np.where(y == 0, 7, y))


@pytest.mark.parametrize("make", ESTIMATORS)
@unfinished
def test_partial_fit_is_an_epoch(make):
    images, y = blobs()
    classes = {"classes": [0, 1, 2]} if make is ConvNetClassifier else {}
    parts = make(**QUICK, batch_size=7)
    for _ in range(4):
        parts.partial_fit(images, y, **classes)
    assert np.array_equal(weights_of(parts), weights_of(make(**QUICK, batch_size=7, max_iter=4).fit(images, y)))
    assert parts.n_iter_ == 4 == len(parts.loss_curve_)


def test_classes_of_partial_fit():
    images, y = blobs()
    estimator = ConvNetClassifier(**QUICK)
    with pytest.raises(ValueError, match="partial_fit needs classes in its first call"):
        estimator.partial_fit(images, y)
    estimator.partial_fit(images[:1], y[:1], classes=[3, 2, 1, 0])
    assert estimator.classes_.tolist() == [0, 1, 2, 3]
    estimator.partial_fit(images, y)
    assert estimator.predict_proba(images).shape == (60, 4)
    with pytest.raises(ValueError, match=r"classes must be \[0 1 2 3\] as before, got \[0, 1\]"):
        estimator.partial_fit(images, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must be of the classes \[0 1 2 3\], got \[4\]"):
        estimator.partial_fit(images, y + 2)
    with pytest.raises(ValueError, match="partial_fit does not support class_weight='balanced'"):
        estimator.set_params(class_weight="balanced").partial_fit(images, y)


@unfinished
def test_labels_may_be_words():
    images, y = blobs()
    words = np.array(["low", "middle", "top"])[y]
    estimator = ConvNetClassifier(**QUICK, max_iter=60).fit(images, words)
    assert set(estimator.predict(images)) == {"low", "middle", "top"} and estimator.score(images, words) > 0.9
    np.testing.assert_allclose(estimator.predict_proba(images).sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(
        np.exp(estimator.predict_log_proba(images)), estimator.predict_proba(images), rtol=1e-12
    )


@unfinished
def test_several_targets():
    images, _ = blobs(200)
    y = images.mean(axis=2)
    estimator = ConvNetRegressor(**QUICK, max_iter=150).fit(images, y)
    assert estimator.predict(images).shape == (200, 4) and estimator.n_outputs_ == 4
    assert estimator.score(images, y) == r2_score(y, estimator.predict(images)) > 0.9
    with pytest.raises(ValueError, match="y must have 4 targets as before, got 2"):
        estimator.partial_fit(images, y[:, :2])


def test_training_that_diverges_says_so():
    images, y = blobs()
    estimator = ConvNetRegressor(**QUICK | {"learning_rate_init": 1e30}, solver="sgd")
    with pytest.raises(ValueError, match="ConvNetRegressor: weights became infinite or NaN in epoch"):
        estimator.fit(images.astype(np.float32), y)
    assert not hasattr(estimator, "model_")


@unfinished
def test_a_training_that_fails_leaves_no_mixture():
    images, y = blobs()
    estimator = ConvNetClassifier(**QUICK, max_iter=2).fit(images, y)
    with pytest.raises(ValueError, match="inconsistent"):
        estimator.fit(images, y[1:])
    with pytest.raises(NotFittedError):
        estimator.predict(images)

    before = weights_of(estimator.fit(images, y))
    with pytest.raises(ValueError, match="y must be of the classes"):  # one that goes on is refused as a whole
        estimator.partial_fit(images, y + 1)
    assert np.array_equal(weights_of(estimator), before) and estimator.n_iter_ == 2

    estimator.set_params(learning_rate_init=1e300, solver="sgd")
    with pytest.raises(ValueError, match="infinite or NaN in epoch"):
        for _ in range(3):
            estimator.partial_fit(images, y)
    assert not hasattr(estimator, "model_")


@unfinished
def test_an_interrupted_training_that_goes_on_leaves_a_network_to_predict_with():
    images, y = blobs()
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5, rng=0), nn.Linear(16, 3, rng=0))
    estimator = ConvNetClassifier(module, max_iter=2, random_state=0).fit(images, y)

    def interrupt(module, args, output):
        raise KeyboardInterrupt

    handle = estimator.model_.register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        estimator.partial_fit(images, y)
    handle.remove()
    assert np.array_equal(estimator.predict_proba(images), estimator.predict_proba(images))
    assert estimator.n_iter_ == 2


@unfinished
def test_progress_is_printed(capsys):
    ConvNetClassifier(**QUICK, max_iter=2, verbose=True, early_stopping=True).fit(*blobs())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2"] and "validation score" in lines[1]
