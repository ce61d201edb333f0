"""The network: the usual one, and what `model` may be."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn
from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor
from fastconv.sklearn._network import usual_network

from .quick import blobs, weights_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
FEW = {"max_iter": 2, "random_state": 0}


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 2), (3, 1, 300), (2, 5, 1), (1, 8, 8), (3, 32, 32), (1, 20, 3)])
def test_the_usual_network_takes_any_shape(shape):
    network = usual_network(shape, 5, np.random.default_rng(0), np.dtype(np.float32))
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    assert network(x).shape == (2, 5)
    assert network.backward(np.ones((2, 5), np.float32)).shape == x.shape
    channels = [part for part in network if isinstance(part, nn.Conv2d)][-1].out_channels
    assert next(part for part in network if isinstance(part, nn.Linear)).in_features <= 49 * channels


def test_a_function_builds_the_network():
    calls = []

    def lenet(input_shape, n_outputs, rng):
        calls.append((input_shape, n_outputs))
        return fc.models.lenet5(n_outputs, input_shape[0], input_shape[1], rng=rng)

    images = np.random.default_rng(0).uniform(size=(6, 28, 28))
    one, two = (ConvNetClassifier(lenet, **FEW).fit(images, [0, 1, 2] * 2) for _ in range(2))
    assert calls == [((1, 28, 28), 3)] * 2
    assert weights_of(one).dtype == np.float32  # the layers' own default
    assert np.array_equal(weights_of(one), weights_of(two))


def test_a_function_may_take_the_shape_and_outputs_alone():
    model = lambda shape, n: nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), n, rng=0))  # noqa: E731
    images, y = blobs()
    assert ConvNetRegressor(model, **FEW).fit(images, y).predict(images).dtype == np.float32


def test_of_a_module_a_copy_is_trained():
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, 3, rng=0), nn.Dropout(0.0))
    before = module[1].weight.data.copy()
    images, y = blobs()
    estimator = ConvNetClassifier(module, solver="sgd", learning_rate_init=1e-6, **FEW).fit(images, y)
    assert np.array_equal(module[1].weight.data, before)
    trained = estimator.model_[1].weight.data
    assert 0 < abs(trained - before).max() < 1e-4
    assert not estimator.model_.training and not estimator.model_[2].training


def test_parts_that_behave_otherwise_in_training_are_told():
    def noisy(input_shape, n_outputs, rng, dtype):
        linear = nn.Linear(16, n_outputs, rng=rng, dtype=dtype)
        return nn.Sequential(nn.BatchNorm2d(1, dtype=dtype), nn.Flatten(), nn.Dropout(0.5, rng=rng), linear)

    images, y = blobs()
    one, two = (ConvNetClassifier(noisy, **FEW).fit(images + 5, y) for _ in range(2))
    assert one.model_[0].running_mean[0] > 0.5
    assert one.loss_curve_ == two.loss_curve_  # Dropout draws from the generator of random_state
    assert np.array_equal(one.predict_proba(images), one.predict_proba(images))


def test_frozen_parameters_stay():
    module = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.Flatten(), nn.Linear(16, 3, rng=0))
    module[0].requires_grad_(False)
    estimator = ConvNetClassifier(module, alpha=10.0, **FEW).fit(*blobs())
    assert np.array_equal(estimator.model_[0].weight.data, module[0].weight.data)
    assert not np.array_equal(estimator.model_[2].weight.data, module[2].weight.data)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        ("lenet", TypeError, "model must be None, a Module or a function .*, got 'lenet'"),
        (lambda shape, n: "net", TypeError, "model must return a Module, got 'net'"),
        (nn.Flatten(), ValueError, r"outputs of shape \(n, 3\) for images of shape \(n, 1, 4, 4\), got \(1, 16\)"),
        (lambda shape, n: nn.Conv2d(1, n, 4), ValueError, r"got \(1, 3, 1, 1\) for one image"),
        (lambda shape, n: nn.Conv2d(1, n, 5), ValueError, "conv2d"),
    ],
)
def test_impossible_models(model, error, text):
    estimator = ConvNetClassifier(model, **FEW)
    with pytest.raises(error, match=text):
        estimator.fit(*blobs())
    assert not hasattr(estimator, "model_")
