"""What initialisation refuses, and the gains of activations."""

import inspect
import math

import numpy as np
import pytest

from fastconv.nn import init

LINEAR = [f"conv{n}d" for n in (1, 2, 3)] + [f"conv_transpose{n}d" for n in (1, 2, 3)]


@pytest.mark.parametrize("name", [*LINEAR, "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_those_of_torch(name):
    torch = pytest.importorskip("torch")
    for param in (None, 0.3, 0, 2):
        expected = torch.nn.init.calculate_gain(name, param)
        assert init.calculate_gain(name, param) == pytest.approx(expected, rel=1e-15)


def names(function):
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]


@pytest.mark.parametrize("name", [name for name in init.__all__ if name.endswith("_")])
def test_arguments_and_defaults_are_those_of_torch(name):
    torch = pytest.importorskip("torch")
    theirs = inspect.signature(getattr(torch.nn.init, name)).parameters
    ours = inspect.signature(getattr(init, name)).parameters
    assert names(getattr(init, name)) == [key for key in theirs if key != "generator"]
    assert names(getattr(init, name.removesuffix("_")))[1:] == names(getattr(init, name))[1:]
    for key in names(getattr(init, name)):
        assert ours[key].default == theirs[key].default


def test_every_scheme_of_torch_is_there():
    torch = pytest.importorskip("torch")
    schemes = {name for name in vars(torch.nn.init) if name.endswith("_") and not name.startswith("_")}
    assert schemes <= set(init.__all__)
    assert {name.removesuffix("_") for name in schemes} <= set(init.__all__)


@pytest.mark.parametrize(
    ("kind", "argument", "call"),
    [
        (ValueError, "shape", lambda: init.kaiming_uniform((3,))),
        (ValueError, "shape", lambda: init.uniform((-1,))),
        (TypeError, "shape", lambda: init.uniform(2.5)),
        (ValueError, "mode", lambda: init.kaiming_normal((3, 3), mode="fan")),
        (TypeError, "mode", lambda: init.kaiming_normal((3, 3), mode=None)),
        (ValueError, "nonlinearity", lambda: init.kaiming_normal((3, 3), nonlinearity="swish")),
        (TypeError, "nonlinearity", lambda: init.calculate_gain(None)),
        (TypeError, "param", lambda: init.calculate_gain("leaky_relu", True)),
        (TypeError, "param", lambda: init.calculate_gain("leaky_relu", "0.1")),
        (ValueError, "std", lambda: init.normal((3,), std=-1)),
        (ValueError, "a must", lambda: init.uniform((3,), 1, 0)),
        (ValueError, "a must", lambda: init.trunc_normal((3,), a=1, b=0)),
        (ValueError, "std", lambda: init.trunc_normal((3,), std=0)),
        (ValueError, "std", lambda: init.trunc_normal((3,), std=-1)),
        (ValueError, "b must", lambda: init.trunc_normal((3,), b=math.inf)),
        (ValueError, "gain", lambda: init.xavier_normal((3, 3), math.nan)),
        (TypeError, "val", lambda: init.constant((3,), "0")),
        (TypeError, "dtype", lambda: init.zeros((3,), dtype=int)),
        (TypeError, "rng", lambda: init.uniform((3,), rng="seed")),
        (ValueError, "shape must be 2-D", lambda: init.eye((3,))),
        (ValueError, "shape must be 2-D", lambda: init.eye_(np.zeros((3, 3, 3)))),
        (ValueError, "shape must be 3-D or 4-D or 5-D", lambda: init.dirac((3, 3))),
        (ValueError, "shape must be 3-D or 4-D or 5-D", lambda: init.dirac_(np.zeros((1, 1, 1, 1, 1, 1)))),
        (ValueError, "groups", lambda: init.dirac((5, 1, 3), groups=2)),
        (ValueError, "groups", lambda: init.dirac((5, 1, 3), groups=0)),
        (TypeError, "groups", lambda: init.dirac((5, 1, 3), groups=1.0)),
        (ValueError, "shape must be at least 2-D", lambda: init.orthogonal((3,))),
        (TypeError, "gain", lambda: init.orthogonal((3, 3), "1")),
        (ValueError, "shape must be 2-D", lambda: init.sparse((3, 3, 3), 0.5)),
        (ValueError, "sparsity", lambda: init.sparse((3, 3), 1.5)),
        (ValueError, "sparsity", lambda: init.sparse((3, 3), -0.5)),
        (ValueError, "std", lambda: init.sparse((3, 3), 0.5, std=-1)),
        (TypeError, "tensor", lambda: init.zeros_([0.0])),
        (TypeError, "tensor", lambda: init.zeros_(np.zeros(3, int))),
        (ValueError, "tensor", lambda: init.zeros_(np.broadcast_to(np.zeros(1), (3,)))),
    ],
)
def test_impossible(kind, argument, call):
    with pytest.raises(kind, match=argument):
        call()


def test_the_mode_may_be_in_capitals_as_in_torch():
    a, b = (init.kaiming_normal((3, 5), mode=mode, rng=0) for mode in ("fan_out", "FAN_OUT"))
    np.testing.assert_array_equal(a, b)
