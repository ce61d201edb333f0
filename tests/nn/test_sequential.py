"""Modules one after the other."""

from collections import OrderedDict

import numpy as np
import pytest

from fastconv import nn


def test_names_and_access():
    layers = [nn.ReLU(), nn.Tanh(), nn.Sigmoid()]
    net = nn.Sequential(OrderedDict(zip("abc", layers, strict=True)))
    assert [name for name, _ in net.named_children()] == ["a", "b", "c"]
    assert net.a is net[0] is net[-3] is layers[0] and net[np.int64(2)] is layers[2]
    assert list(net) == layers and len(net) == 3
    assert [name for name, _ in net[1:].named_children()] == ["b", "c"]
    net[1] = nn.Flatten()
    assert list(net) == [layers[0], net.b, layers[2]] and isinstance(net.b, nn.Flatten)
    assert nn.Sequential(*layers).append(nn.Flatten())[3].start_dim == 1
    for index in (3, -4):
        with pytest.raises(IndexError, match="index"):
            net[index]
    for index in (1.0, "a", True):
        with pytest.raises(TypeError, match="index"):
            net[index]


def test_refuses_what_is_no_module():
    for wrong in (None, [nn.ReLU()], nn.ReLU, lambda x: x):
        with pytest.raises(TypeError, match="Module"):
            nn.Sequential(nn.ReLU(), wrong)
    with pytest.raises(TypeError, match="Module"):
        nn.Sequential({"a": 1})


def test_nothing_in_it():
    net = nn.Sequential()
    x = np.ones(3)
    assert net(x) is x and net.backward(x) is x and net.backward(x, input_grad=False) is None


def test_a_whole_net_trains_alike_on_every_backend(backend):
    net = nn.Sequential(
        nn.ZeroPad2d(1),
        nn.Conv2d(1, 2, 3, rng=1, dtype=np.float64),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(2, 3, 2, rng=2, dtype=np.float64),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.Flatten(),
        nn.Linear(12, 4, rng=3, dtype=np.float64),
    )
    criterion = nn.CrossEntropyLoss()
    x = np.random.default_rng(0).standard_normal((2, 1, 8, 8))
    y = np.array([3, 0])
    loss = criterion(net(x), y)
    grad_input = net.backward(criterion.backward())
    assert isinstance(loss, float)
    # The derivative along any direction, by a central difference.
    eps = 1e-6
    for array, grad in [(x, grad_input), *((p.data, p.grad) for p in net.parameters())]:
        direction = np.random.default_rng(1).standard_normal(array.shape)
        start = array.copy()
        array += eps * direction
        above = criterion(net(x), y)
        array[...] = start - eps * direction
        below = criterion(net(x), y)
        array[...] = start
        assert (grad * direction).sum() == pytest.approx((above - below) / (2 * eps), rel=1e-5, abs=1e-8)
