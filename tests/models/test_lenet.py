"""LeNet-5: sizes, variants, and that it learns."""

import numpy as np
import pytest

from fastconv import models, nn, optim


@pytest.mark.parametrize("input_size", [28, 32])
@pytest.mark.parametrize(("activation", "pool"), [("relu", "max"), ("tanh", "avg"), ("sigmoid", "avg")])
def test_shapes_and_kinds(input_size, activation, pool):
    net = models.lenet5(7, 3, input_size, activation, pool, rng=0, dtype=np.float64)
    x = np.random.default_rng(0).random((2, 3, input_size, input_size))
    assert net(x).shape == (2, 7) and net(x).dtype == np.float64
    assert net.backward(np.ones((2, 7))).shape == x.shape
    kinds = [type(layer).__name__.lower() for layer in net]
    assert kinds.count(activation) == 4 and kinds.count(f"{pool}pool2d") == 2
    maps = x
    for layer in list(net)[:6]:
        maps = layer(maps)
    assert maps.shape == (2, 16, 5, 5)


def test_seeds():
    first, again, other = (models.lenet5(rng=seed).state_dict() for seed in (0, 0, 1))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
        assert not np.array_equal(array, other[name])
    assert sum(array.size for array in first.values()) == 61706


def test_learns_a_handful_of_images(backend):
    if backend == "python":
        pytest.skip("takes minutes in plain loops")
    rng = np.random.default_rng(0)
    x, y = rng.random((8, 1, 28, 28), dtype=np.float32), np.arange(8)
    net, criterion = models.lenet5(input_size=28, rng=0), nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        losses.append(criterion(net(x), y))
        optimizer.zero_grad()
        assert net.backward(criterion.backward(), input_grad=False) is None
        optimizer.step()
    assert losses[0] > 2 and losses[-1] < 0.05
    assert (net.eval()(x).argmax(1) == y).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (ValueError, {"num_classes": 0}),
        (TypeError, {"num_classes": "10"}),
        (ValueError, {"in_channels": 0}),
        (ValueError, {"input_size": 30}),
        (TypeError, {"input_size": 32.0}),
        (ValueError, {"activation": "swish"}),
        (TypeError, {"activation": None}),
        (ValueError, {"pool": "median"}),
        (TypeError, {"pool": nn.MaxPool2d}),
        (TypeError, {"rng": 1.0}),
        (TypeError, {"dtype": int}),
    ],
)
def test_impossible(kind, options):
    with pytest.raises(kind, match=next(iter(options))):
        models.lenet5(**options)
