"""Rows of features, images, and what they are taken for."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

from .quick import blobs, tiny, weights_of

FEW = {"model": tiny, "n_iter_no_change": 1, "tol": 1.0, "random_state": 0}


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((20, 2, 3, 4), (2, 3, 4)),
        ((20, 3, 4), (1, 3, 4)),
        ((20, 16), (1, 4, 4)),
        ((20, 15), (1, 1, 15)),
        ((20, 2), (1, 1, 2)),
        ((20, 1), (1, 1, 1)),
    ],
)
def test_shapes_are_told_from_the_data(given, shape):
    X = np.random.default_rng(0).normal(size=given)
    estimator = ConvNetClassifier(**FEW).fit(X, np.arange(20) % 2)
    assert estimator.image_shape_ == shape
    assert estimator.n_features_in_ == np.prod(shape)
    assert estimator.predict(X).shape == (20,)


@pytest.mark.parametrize(("wanted", "shape"), [((2, 6), (1, 2, 6)), ([3, 2, 2], (3, 2, 2)), ((12, 1, 1), (12, 1, 1))])
def test_shapes_are_told_by_the_user(wanted, shape):
    X = np.random.default_rng(0).normal(size=(20, 12))
    estimator = ConvNetRegressor(image_shape=wanted, **FEW).fit(X, X[:, 0])
    assert estimator.image_shape_ == shape


@pytest.mark.parametrize("estimator", [ConvNetClassifier(**FEW), ConvNetRegressor(**FEW)])
def test_images_and_their_rows_give_the_same_bits(estimator):
    images, y = blobs()
    outputs = []
    for X in (images, images[:, None], images.reshape(60, 16), images.tolist(), np.asfortranarray(images)):
        estimator.fit(X, y)
        outputs.append(weights_of(estimator))
        assert np.array_equal(estimator.predict(images), estimator.predict(X))
    assert all(np.array_equal(output, outputs[0]) for output in outputs)


@pytest.mark.parametrize(
    ("dtype", "computed"),
    [
        (np.float32, np.float32), (np.float64, np.float64), (np.uint8, np.float32), (bool, np.float32),
        (np.int16, np.float32), (np.float16, np.float32), (">f4", np.float32), (">f8", np.float64),
        (np.int64, np.float64), (object, np.float64),
    ],
)  # fmt: skip
def test_the_dtype_follows_the_data(dtype, computed):
    X = (np.arange(40).reshape(10, 4) % 3).astype(dtype)
    estimator = ConvNetClassifier(**FEW).fit(X, np.arange(10) % 2)
    assert weights_of(estimator).dtype == computed
    assert estimator.predict_proba(X).dtype == np.float64  # sums of one are sums of one


def test_a_float32_network_predicts_for_float64():
    images, y = blobs()
    estimator = ConvNetClassifier(**FEW).fit(images.astype(np.float32), y)
    assert np.array_equal(estimator.predict_proba(images), estimator.predict_proba(images.astype(np.float32)))


@pytest.mark.parametrize(
    ("X", "options", "text"),
    [
        (np.ones((9, 2, 3, 4, 5)), {}, r"X must be rows .* or images .*, got shape \(9, 2, 3, 4, 5\)"),
        (np.ones((9, 6)), {"image_shape": (2, 4)}, r"image_shape \(2, 4\) makes 8 features, but X has 6"),
        (np.ones((9, 2, 3)), {"image_shape": (3, 2)}, r"images of shape \(1, 3, 2\), .*, got \(1, 2, 3\)"),
        (np.ones((9, 6)), {"image_shape": (6,)}, r"image_shape must be \(H, W\) or \(C, H, W\), got \(6,\)"),
        (np.ones((9, 6)), {"image_shape": (0, 6)}, "image_shape must be >= 1"),
        (np.ones((0, 2, 3)), {}, "0 sample"),
        (np.ones(9), {}, "Expected 2D array"),
        (np.full((9, 2, 3), np.nan), {}, "NaN"),
        (np.ones((9, 2, 3), complex), {}, "Complex data not supported"),
    ],
)
def test_refused_values(X, options, text):
    for estimator in (ConvNetClassifier(**FEW), ConvNetRegressor(**FEW)):
        with pytest.raises(ValueError, match=text):
            estimator.set_params(**options).fit(X, np.arange(9) % 2)
        assert not hasattr(estimator, "model_")


def test_refused_types():
    y = np.arange(9) % 2
    with pytest.raises(TypeError, match="dense data is required"):
        ConvNetClassifier(**FEW).fit(csr_array(np.eye(9)), y)
    for wrong in (6, "23", (2.0, 3)):
        with pytest.raises(TypeError, match="ConvNetClassifier: image_shape must be"):
            ConvNetClassifier(image_shape=wrong, **FEW).fit(np.ones((9, 6)), y)


def test_names_of_features_are_kept():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.default_rng(0).normal(size=(10, 4)), columns=list("abcd"))
    estimator = ConvNetRegressor(**FEW).fit(X, np.arange(10.0))
    assert estimator.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(X[list("dcba")])


def test_other_images_are_refused_later():
    images = np.random.default_rng(0).normal(size=(10, 2, 3))
    estimator = ConvNetRegressor(**FEW).fit(images, np.arange(10.0))
    with pytest.raises(ValueError, match=r"images of shape \(1, 2, 3\), \(C, H, W\), got \(1, 3, 2\)"):
        estimator.predict(images.transpose(0, 2, 1))
    with pytest.raises(ValueError, match="expecting 6 features"):
        estimator.predict(np.ones((10, 5)))
    with pytest.raises(ValueError, match=r"got \(1, 3, 2\)"):
        estimator.set_params(warm_start=True).fit(images.transpose(0, 2, 1), np.arange(10.0))
