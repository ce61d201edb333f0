"""The estimators inside what scikit-learn makes of estimators, and stored."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

from .quick import blobs, tiny, weights_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
QUICK = {"model": tiny, "learning_rate_init": 0.02, "max_iter": 30, "random_state": 0}


def test_the_usual_network_reads_digits_in_a_pipeline(digits):
    (x, y), (x_test, y_test) = digits
    pipeline = make_pipeline(StandardScaler(), ConvNetClassifier(learning_rate_init=0.005, max_iter=8, random_state=0))
    pipeline.fit(x.reshape(600, 64), y)
    assert pipeline.score(x_test.reshape(360, 64), y_test) > 0.92


def test_grid_search_in_two_processes():
    images, y = blobs()
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), ConvNetClassifier(**QUICK)),
        {
            "convnetclassifier__learning_rate_init": np.array([1e-12, 0.05]),
            "convnetclassifier__batch_size": np.array([20, 40]),
            "convnetclassifier__nesterovs_momentum": np.array([True, False]),
        },
        n_jobs=2,
        cv=2,
    )
    search.fit(images.reshape(60, 16), y)
    assert search.best_params_["convnetclassifier__learning_rate_init"] == 0.05
    assert search.best_score_ > 0.8
    # What two processes found is what this one finds.
    again = clone(search.best_estimator_).fit(images.reshape(60, 16), y)
    assert np.array_equal(weights_of(again[-1]), weights_of(search.best_estimator_[-1]))


@pytest.mark.parametrize("make", [ConvNetClassifier, ConvNetRegressor])
def test_cross_validation_of_images(make):
    images, y = blobs()
    assert (cross_val_score(make(**QUICK), images, y, cv=3) > 0.7).all()


def test_calibration():
    images, y = blobs()
    weights = np.random.default_rng(0).uniform(size=60)
    calibrated = CalibratedClassifierCV(ConvNetClassifier(**QUICK), cv=2).fit(images.reshape(60, 16), y, weights)
    probabilities = calibrated.predict_proba(images.reshape(60, 16))
    assert (probabilities.argmax(axis=1) == y).mean() > 0.8


def test_scaled_targets():
    images, y = blobs()
    regressor = TransformedTargetRegressor(ConvNetRegressor(**QUICK), transformer=StandardScaler())
    assert regressor.fit(images, 1000.0 * y).score(images, 1000.0 * y) > 0.8


def through_joblib(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


STORED = {
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": through_joblib,
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
}


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("make", [ConvNetClassifier, ConvNetRegressor])
def test_copies_predict_and_go_on_alike(kind, make, tmp_path):
    images, y = blobs()
    classes = {"classes": [0, 1, 2]} if make is ConvNetClassifier else {}
    estimator = make(**QUICK).partial_fit(images, y, **classes)
    other = STORED[kind](estimator, tmp_path / "estimator.joblib")
    assert np.array_equal(estimator.predict(images), other.predict(images))
    for one in (estimator, other):  # with the optimizer's state and the generator's
        one.partial_fit(images, y).partial_fit(images, y)
    assert np.array_equal(weights_of(estimator), weights_of(other))
    assert other.model_ is not estimator.model_


def test_what_fit_leaves_is_little_more_than_the_network():
    images, y = blobs()
    estimator = ConvNetClassifier(max_iter=2).fit(images, y)
    assert len(pickle.dumps(estimator)) < 1.2 * weights_of(estimator).nbytes + 10_000


def test_a_clone_is_untrained_and_has_the_same_arguments():
    estimator = ConvNetClassifier(**QUICK, image_shape=(4, 4), class_weight={0: 2.0}).fit(*blobs())
    other = clone(estimator)
    assert other.get_params() == estimator.get_params() and not hasattr(other, "model_")
    assert repr(other) == repr(estimator)
