"""First values: range, moments, and where they come from."""

import math

import numpy as np
import pytest

from fastconv import nn
from fastconv.nn import init

SHAPE = (64, 32, 5, 5)
FAN_IN, FAN_OUT = 32 * 25, 64 * 25
RELU = math.sqrt(2)

# What to call, the standard deviation that its formula gives, and whether it is uniform.
DISTRIBUTIONS = [
    ("uniform", (-0.5, 0.5), {}, 0.5 / math.sqrt(3), True),
    ("normal", (0.0, 0.25), {}, 0.25, False),
    ("xavier_uniform", (), {}, math.sqrt(2 / (FAN_IN + FAN_OUT)), True),
    ("xavier_normal", (), {"gain": 3.0}, 3 * math.sqrt(2 / (FAN_IN + FAN_OUT)), False),
    ("kaiming_uniform", (), {"a": math.sqrt(5)}, 1 / math.sqrt(3 * FAN_IN), True),
    ("kaiming_uniform", (), {"nonlinearity": "relu"}, RELU / math.sqrt(FAN_IN), True),
    ("kaiming_normal", (), {"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(FAN_OUT), False),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "std", "uniform"), DISTRIBUTIONS)
def test_distribution(name, args, kwargs, std, uniform):
    make, fill = getattr(init, name), getattr(init, name + "_")
    values = make(SHAPE, *args, **kwargs, rng=0, dtype=np.float64)
    assert values.shape == SHAPE and values.dtype == np.float64
    assert values.std() == pytest.approx(std, rel=0.02) and abs(values.mean()) < 0.02 * std
    if uniform:
        assert 0.99 * math.sqrt(3) * std < abs(values).max() <= math.sqrt(3) * std
    else:
        assert abs(values).max() > 3 * std

    np.testing.assert_array_equal(make(SHAPE, *args, **kwargs, rng=np.random.default_rng(0)), np.float32(values))
    assert not np.array_equal(make(SHAPE, *args, **kwargs, rng=1, dtype=np.float64), values)
    assert not np.array_equal(make(SHAPE, *args, **kwargs), make(SHAPE, *args, **kwargs))

    parameter = nn.Parameter(np.zeros(SHAPE, np.float32))
    data = parameter.data
    assert fill(parameter, *args, **kwargs, rng=0) is parameter and parameter.data is data
    np.testing.assert_array_equal(data, np.float32(values))
    view = np.zeros((2, *SHAPE))[1].transpose(1, 0, 2, 3).transpose(1, 0, 2, 3)
    assert fill(view, *args, **kwargs, rng=0) is view
    np.testing.assert_array_equal(view, values)


def test_constants():
    assert init.constant((2,), 3.5).tolist() == [3.5, 3.5]
    assert init.zeros((2,)).tolist() == [0, 0] and init.ones(2).tolist() == [1, 1]
    p = nn.Parameter(np.zeros(2))
    assert [f(p).data.tolist() for f in (init.ones_, init.zeros_)] == [[1, 1], [0, 0]]
    assert init.constant_(p, 7).data.tolist() == [7, 7]


LAYERS = [
    lambda **k: nn.Conv2d(8, 64, 3, **k),
    lambda **k: nn.Conv1d(24, 64, 3, **k),
    lambda **k: nn.ConvTranspose2d(64, 8, 3, **k),
    lambda **k: nn.ConvTranspose1d(64, 48, 3, groups=2, **k),
    lambda **k: nn.Linear(72, 64, **k),
]


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_start_uniformly_in_one_over_the_root_of_their_inputs(layer):
    first = layer(rng=0)
    for p in first.parameters():
        assert 0.9 / math.sqrt(72) < abs(p.data).max() <= 1 / math.sqrt(72)
    again, other = layer(rng=0), layer(rng=1)
    rng = np.random.default_rng(0)
    shared = layer(rng=rng)
    np.testing.assert_array_equal(first.weight.data, again.weight.data)
    np.testing.assert_array_equal(first.bias.data, shared.bias.data)
    assert not np.array_equal(first.weight.data, other.weight.data)
    assert not np.array_equal(first.weight.data, layer(rng=rng).weight.data)
    np.testing.assert_array_equal(np.float32(layer(rng=0, dtype=np.float64).weight.data), first.weight.data)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0, 1, -2, 2),
        (1, 0.5, 0, 3),
        (0, 1, 0.5, 0.7),
        (0, 1, 3, 5),
        (-4, 2, 1, 2),
        (0, 1, -0.1, 0.1),
        (0, 1e-3, 1, 1.0001),
    ],
)
def test_truncated_normal_numbers(mean, std, a, b):
    """Moments of the density itself, summed up; and no value outside, also after rounding."""
    x = np.linspace(a, b, 1_000_001)
    power = -(((x - mean) / std) ** 2) / 2
    density = np.exp(power - power.max())
    expected = (density * x).sum() / density.sum()
    spread = math.sqrt((density * (x - expected) ** 2).sum() / density.sum())
    values = init.trunc_normal((200, 200), mean, std, a, b, rng=0, dtype=np.float64)
    assert a <= values.min() and values.max() <= b
    assert values.mean() == pytest.approx(expected, abs=0.03 * spread)
    assert values.std() == pytest.approx(spread, rel=0.02)
    single = init.trunc_normal((200, 200), mean, std, a, b, rng=0)
    np.testing.assert_array_equal(single, np.float32(values))
    assert np.float32(a) <= single.min() and single.max() <= np.float32(b)
    p = nn.Parameter(np.zeros((200, 200)))
    assert init.trunc_normal_(p, mean, std, a, b, rng=0) is p
    np.testing.assert_array_equal(p.data, values)


def test_truncated_normal_numbers_are_those_of_the_distribution():
    """Each tenth of the distribution gets a tenth of the numbers, near the mean and far from it."""
    for a, b in ((-2, 2), (1, 4), (-0.2, 0.3), (0.1, 0.5), (-9, -2)):
        x = np.linspace(a, b, 100_001)
        share = np.cumsum(np.exp(-(x**2) / 2))
        edges = np.interp(np.linspace(0, 1, 11), share / share[-1], x)
        counts, _ = np.histogram(init.trunc_normal(100_000, a=a, b=b, rng=0, dtype=np.float64), edges)
        assert abs(counts - 10_000).max() < 500


def test_truncated_normal_numbers_between_equal_bounds_and_from_far_away():
    for mean, std, a, b in ((2, 1, 3, 3), (0, 1, 0, 0), (0, 1e-320, 1, 2), (0, 1e-200, -2, -1), (1e300, 1, 0, 1)):
        values = init.trunc_normal((5,), mean, std, a, b, dtype=np.float64)
        assert values.tolist() == [a if abs(a - mean) < abs(b - mean) or a == b else b] * 5


def test_weights_without_elements():
    assert init.kaiming_uniform((3, 0)).shape == (3, 0) and init.xavier_normal((0, 0)).shape == (0, 0)
