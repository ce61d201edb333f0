"""What optimizers refuse at construction, and at the next step if it was set later."""

import math

import numpy as np
import pytest

from fastconv import nn, optim


def one():
    return [nn.Parameter(np.ones(3))]


NUMBERS = {
    optim.SGD: ["lr", "momentum", "dampening", "weight_decay"],
    optim.Momentum: ["lr", "momentum", "dampening", "weight_decay"],
    optim.Adagrad: ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
    optim.RMSprop: ["lr", "alpha", "eps", "weight_decay", "momentum"],
    optim.Adam: ["lr", "eps", "weight_decay"],
    optim.AdamW: ["lr", "eps", "weight_decay"],
}


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, names in NUMBERS.items() for name in names])
def test_hyperparameters_are_finite_numbers_in_range(cls, name):
    good = cls(one(), **{"lr": 0.1})
    bad = [-1, -1e-300, math.nan, math.inf, 10**400]
    if name == "eps":
        bad.append(0)
    if name in ("alpha", "dampening"):
        bad.append(1.5)
    for value in bad:
        with pytest.raises(ValueError, match=rf"{cls.__name__}: .*{name}"):
            cls(one(), **({"lr": 0.1} | {name: value}))
    for value in ("0.1", None, True, [0.1], 1j, np.ones(1)):
        with pytest.raises(TypeError, match=rf"{cls.__name__}: {name}"):
            cls(one(), **({"lr": 0.1} | {name: value}))
    for value in (np.float32(0.5), np.float64(0.5), 0.5):
        cls(one(), **({"lr": 0.1} | {name: value}))
    good.param_groups[0][name] = math.nan
    with pytest.raises(ValueError, match=name):
        good.step()


@pytest.mark.parametrize("cls", [optim.Adam, optim.AdamW])
def test_betas(cls):
    for value in ((1, 0.999), (-0.1, 0.9), (0.9,), (0.9, 0.9, 0.9), (0.9, math.nan)):
        with pytest.raises(ValueError, match="betas"):
            cls(one(), betas=value)
    for value in (0.9, None, ("0.9", "0.9"), (True, 0.9)):
        with pytest.raises(TypeError, match="betas"):
            cls(one(), betas=value)


@pytest.mark.parametrize(
    ("cls", "name"),
    [(optim.SGD, "nesterov"), (optim.RMSprop, "centered"), (optim.Adam, "amsgrad")]
    + [(optim.Adam, "decoupled_weight_decay")]
    + [(cls, "maximize") for cls in NUMBERS]
    + [(cls, "eps_inside_sqrt") for cls in (optim.Adagrad, optim.RMSprop, optim.Adam, optim.AdamW)],
)
def test_flags_are_bools(cls, name):
    for value in (1, None, "yes"):
        with pytest.raises(TypeError, match=name):
            cls(one(), lr=0.1, **{name: value})


def test_nesterov_needs_momentum_without_dampening():
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD(one(), lr=0.1, nesterov=True)
    with pytest.raises(ValueError, match="nesterov"):
        optim.SGD(one(), lr=0.1, momentum=0.9, dampening=0.1, nesterov=True)


def test_the_decay_of_adamw_is_decoupled():
    with pytest.raises(ValueError, match="decoupled_weight_decay"):
        optim.AdamW([{"params": one(), "decoupled_weight_decay": False}])


def test_lr_is_required():
    for cls in (optim.SGD, optim.Momentum):
        with pytest.raises(TypeError, match="lr"):
            cls(one())


def test_nothing_to_train():
    for empty in ([], (), iter([]), [{"params": []}]):
        with pytest.raises(ValueError, match="params is empty"):
            optim.Adam(empty)


@pytest.mark.parametrize("wrong", [None, 3, nn.Parameter(np.ones(1)), np.ones(3), {"params": []}, "weights"])
def test_params_of_the_wrong_kind(wrong):
    with pytest.raises(TypeError, match="params"):
        optim.Adam(wrong)


def test_members_of_the_wrong_kind():
    for member in (np.ones(3), None, 1.0, ("name", np.ones(3))):
        with pytest.raises(TypeError, match="params must be Parameters"):
            optim.Adam([nn.Parameter(np.ones(1)), member] if not isinstance(member, tuple) else [member])
    with pytest.raises(TypeError, match="params"):
        optim.Adam([{"params": set(one())}])
    with pytest.raises(TypeError, match="group"):
        optim.Adam([{"params": one()}, nn.Parameter(np.ones(1))])


def test_a_generator_is_read_once():
    net = nn.Linear(2, 3)
    assert len(optim.Adam(p for p in net.parameters()).param_groups[0]["params"]) == 2


def test_groups():
    a, b = one() + one()
    optimizer = optim.SGD([{"params": a, "lr": 0.5}, {"params": [b]}], lr=0.1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    for group, error in [
        ({"lr": 0.1}, "params"),
        ({"params": one(), "speed": 1}, "speed"),
        ({"params": one(), "lr": -1}, "lr"),
        ({"params": [("w", one()[0])]}, "names"),
        ({"params": [a]}, "same array"),
    ]:
        with pytest.raises(ValueError, match=error):
            optimizer.add_param_group(group)
        assert len(optimizer.param_groups) == 2
    optimizer.add_param_group({"params": one()})
    assert len(optimizer.param_groups) == 3


def test_parameters_that_share_memory():
    x = np.zeros(10)
    p = nn.Parameter(x)
    for pair in (
        [p, p],
        [nn.Parameter(x), nn.Parameter(x)],
        [nn.Parameter(x[:6]), nn.Parameter(x[5:])],
        [nn.Parameter(x[::2]), nn.Parameter(x[::-1])],
        [nn.Parameter(x.reshape(2, 5)), nn.Parameter(x[9:])],
    ):
        with pytest.raises(ValueError, match=r"parameters 0 and 1 .*(same array|overlap)"):
            optim.Adam(pair)
    optim.Adam([nn.Parameter(x[:5]), nn.Parameter(x[5:])])
    optim.Adam([nn.Parameter(x[::2]), nn.Parameter(x[1::2])])
    optim.Adam([nn.Parameter(x[:0]), nn.Parameter(x)])
    empty = nn.Parameter(x[:0])
    with pytest.raises(ValueError, match="twice"):
        optim.Adam([empty, empty])


def test_names():
    a, b = one() + one()
    for params in ([("w", a), b], [a, ("w", b)]):
        with pytest.raises((ValueError, TypeError), match="names"):
            optim.Adam(params)
    with pytest.raises(ValueError, match="'w'"):
        optim.Adam([("w", a), ("w", b)])


def test_repr_shows_the_options():
    assert repr(optim.SGD(one(), lr=0.1)).splitlines() == [
        "SGD (",
        "Parameter Group 0",
        "    dampening: 0.0",
        "    lr: 0.1",
        "    maximize: False",
        "    momentum: 0.0",
        "    nesterov: False",
        "    weight_decay: 0.0",
        ")",
    ]


def test_the_alias():
    assert optim.RMSProp is optim.RMSprop
