"""Saliency."""

import numpy as np
import pytest

from fastconv import nn, plot
from fastconv.plot.saliency import input_gradient

RNG = np.random.default_rng(0)


def model():
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, rng=0, dtype=np.float64), nn.Tanh(), nn.Dropout(0.5, rng=0),
        nn.BatchNorm2d(3, dtype=np.float64), nn.Flatten(), nn.Linear(48, 4, rng=1, dtype=np.float64),
    )  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
def test_the_gradient_is_that_of_the_output_in_eval_mode(training):
    net, x = model(), RNG.normal(size=(1, 2, 6, 6))
    net.eval()
    expected = np.empty_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        expected[place] = (net(x + step)[0, 2] - net(x - step)[0, 2]) / 2e-6
    reference = net(x)[0]
    net.train(training)
    logits, gradient = input_gradient(net, x, 2)
    np.testing.assert_allclose(gradient, expected[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(logits, reference)


def test_picture():
    net, x = model(), RNG.random((2, 6, 6))
    ax = plot.saliency(net, x, display_labels=["ant", "bee", "cow", "dog"])
    logits, gradient = input_gradient(net, x[None], None)
    np.testing.assert_array_equal(ax.images[1].get_array(), np.abs(gradient).max(axis=0))
    powers = np.exp(logits - logits.max())
    best = int(logits.argmax())
    name = ("ant", "bee", "cow", "dog")[best]
    assert ax.get_title() == f"what speaks for or against {name} ({100 * powers[best] / powers.sum():.1f} %)"


def test_the_model_is_left_as_it_was():
    net, x = model(), RNG.random((2, 6, 6))
    net[0].bias.requires_grad = False
    logits = net(x[None])
    net.backward(np.ones_like(logits))
    statistics = net[3].running_mean.copy()
    grads = [parameter.grad for parameter in net.parameters()]
    before = [None if grad is None else grad.copy() for grad in grads]
    plot.saliency(net, x)
    assert [parameter.grad is grad for parameter, grad in zip(net.parameters(), grads, strict=True)]
    for grad, old in zip(grads, before, strict=True):
        assert old is None or np.array_equal(grad, old)
    assert [p.requires_grad for p in net.parameters()] == [True, False, *[True] * 4]
    assert all(module.training for module in net.modules())
    np.testing.assert_array_equal(net[3].running_mean, statistics)
    net.backward(np.ones_like(logits))


def test_no_gradient_at_all():
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.ReLU())
    net[0].weight.data[:] = 0
    net[0].bias.data[:] = -1
    plot.saliency(net, np.ones((1, 2, 2), np.float32)).figure.canvas.draw()


def test_errors():
    with pytest.raises(ValueError, match="saliency: target must be <= 3, got 4"):
        plot.saliency(model(), np.zeros((2, 6, 6)), 4)
    with pytest.raises(ValueError, match=r"saliency: model must give outputs \(N, classes\), got shape"):
        plot.saliency(nn.Conv2d(1, 1, 1), np.zeros((1, 4, 4), np.float32))
