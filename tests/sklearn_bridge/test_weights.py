"""Weights of samples and classes count as so many copies would."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.class_weight import compute_sample_weight

from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

from .quick import blobs, tiny, weights_of

ESTIMATORS = [ConvNetClassifier, ConvNetRegressor]
STEPS = {
    "model": tiny, "solver": "sgd", "learning_rate_init": 0.05, "alpha": 0.3, "batch_size": 1000, "max_iter": 10,
    "random_state": 0,
}  # fmt: skip
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("make", ESTIMATORS)
def test_weights_are_copies(make):
    images, y = blobs()
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    assert (counts == 0).any()
    weighted = make(**STEPS).fit(images, y, sample_weight=counts)
    repeated = make(**STEPS).fit(images.repeat(counts, axis=0), y.repeat(counts))
    assert_allclose(weights_of(weighted), weights_of(repeated), rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-12)
    plain = make(**STEPS).fit(images, y)
    assert abs(weights_of(weighted) - weights_of(plain)).max() > 1e-3


@pytest.mark.parametrize("make", ESTIMATORS)
def test_samples_without_weight_are_as_good_as_absent(make):
    images, y = blobs()
    weights = np.where(np.arange(60) < 20, 0.0, 1.0)
    options = {**STEPS, "batch_size": 7}
    weighted = make(**options).fit(images, y, sample_weight=weights)
    assert np.array_equal(weights_of(weighted), weights_of(make(**options).fit(images[20:], y[20:])))


def test_without_a_penalty_only_ratios_count_in_fit_and_in_partial_fit_sizes_do():
    images, y = blobs()
    options = {**STEPS, "alpha": 0.0}
    weights = np.random.default_rng(1).uniform(size=60)
    one, four = (ConvNetClassifier(**options).fit(images, y, sample_weight=c * weights) for c in (1, 4))
    assert np.array_equal(weights_of(one), weights_of(four))

    options |= {"momentum": 0.0}
    start, one, two = (
        ConvNetClassifier(**options | {"learning_rate_init": rate}).partial_fit(images, y, [0, 1, 2], c * weights)
        for rate, c in ((1e-300, 1), (0.05, 1), (0.05, 2))
    )
    step, double = (weights_of(estimator) - weights_of(start) for estimator in (one, two))
    assert_allclose(double, 2 * step, rtol=1e-9, atol=1e-12)


def test_in_batches_of_one_weights_still_count():
    images, y = blobs()
    options = {**STEPS, "solver": "adam", "learning_rate_init": 0.01, "batch_size": 1, "max_iter": 5}
    heavy = ConvNetClassifier(**options).fit(images, y, sample_weight=np.where(y == 2, 100.0, 1.0))
    plain = ConvNetClassifier(**options).fit(images, y)
    assert heavy.predict_proba(images)[y != 2, 2].mean() > plain.predict_proba(images)[y != 2, 2].mean()


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0, 2: 0.5}, {0: 0.0, 1: 1.0, 2: 1.0}])
def test_class_weights_are_weights_of_samples(class_weight):
    images, y = blobs()
    images, y = images[y != 2][:30].repeat(2, axis=0)[5:], y[y != 2][:30].repeat(2)[5:] * 2  # classes 0 and 2
    images, y = np.concatenate([images, blobs()[0][1:40:3]]), np.concatenate([y, np.ones(13, int)])
    by_class = ConvNetClassifier(class_weight=class_weight, **STEPS).fit(images, y)
    by_sample = ConvNetClassifier(**STEPS).fit(images, y, compute_sample_weight(class_weight, y))
    assert_allclose(weights_of(by_class), weights_of(by_sample), rtol=1e-12)


def test_balanced_classes_weigh_the_same():
    images, y = blobs()
    weights = np.random.default_rng(1).uniform(size=60)
    options = {**STEPS, "alpha": 0.0}
    one = ConvNetClassifier(class_weight="balanced", **options).fit(images, y, weights)
    sums = np.bincount(y, weights)
    two = ConvNetClassifier(**options).fit(images, y, weights / sums[y])
    assert_allclose(weights_of(one), weights_of(two), rtol=1e-9)


@pytest.mark.parametrize("make", ESTIMATORS)
@pytest.mark.parametrize(
    ("weights", "text"),
    [
        (np.zeros(60), "zero|no sample"),
        (-np.ones(60), "[Nn]egative"),
        (np.ones(59), "sample_weight"),
        (np.full(60, np.nan), "NaN"),
    ],
)
def test_impossible_weights(make, weights, text):
    with pytest.raises(ValueError, match=text):
        make(**STEPS).fit(*blobs(), sample_weight=weights)


@pytest.mark.parametrize("class_weight", [{0: -1.0}, {0: 0.0, 1: 0.0, 2: 0.0}, {7: 1.0, 8: 1.0}, "even"])
def test_impossible_class_weights(class_weight):
    with pytest.raises(ValueError, match=r"class_weight|classes, \["):
        ConvNetClassifier(class_weight=class_weight, **STEPS).fit(*blobs())
