"""The rates and momenta of one cycle against PyTorch, with each kind of momentum."""

import numpy as np
import pytest

from fastconv import nn, optim
from fastconv.optim import lr_scheduler

SCHEDULES = [
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 20}, 20),
    ("OneCycleLR", {"max_lr": [1.0, 2.0], "epochs": 4, "steps_per_epoch": 5, "anneal_strategy": "linear"}, 20),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 20, "three_phase": True, "pct_start": 0.4, "div_factor": 5.0}, 20),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 9, "cycle_momentum": False, "final_div_factor": 10.0}, 9),
]


def optimizer(lib, kind="SGD"):
    make = {"SGD": lambda g: lib.SGD(g, lr=0.1, momentum=0.5), "Adam": lambda g: lib.Adam(g, lr=0.1)}[kind]
    return make([{"params": [new()]} if lib is optim else {"params": [new_tensor()]} for _ in range(2)])


def new():
    return nn.Parameter(np.zeros(1))


def new_tensor():
    return pytest.importorskip("torch").zeros(1, requires_grad=True)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options", "steps"), SCHEDULES)
def test_rates_and_momenta_are_those_of_torch(name, options, steps, kind):
    torch = pytest.importorskip("torch")
    a, b = optimizer(optim, kind), optimizer(torch.optim, kind)
    ours = getattr(lr_scheduler, name)(a, **options)
    theirs = getattr(torch.optim.lr_scheduler, name)(b, **options)
    for step in range(steps + 1):
        if step:
            b.step()
            ours.step()
            theirs.step()
        assert ours.get_last_lr() == pytest.approx([float(lr) for lr in theirs.get_last_lr()], rel=1e-12, abs=1e-12)
        for x, y in zip(a.param_groups, b.param_groups, strict=True):
            assert x["lr"] == pytest.approx(float(y["lr"]), rel=1e-12, abs=1e-12)
            if kind == "SGD":
                assert x["momentum"] == pytest.approx(y["momentum"], rel=1e-12)
            else:
                assert x["betas"] == pytest.approx(y["betas"], rel=1e-12)


def test_one_cycle_ends():
    schedule = lr_scheduler.OneCycleLR(optimizer(optim), 1.0, total_steps=3)
    for _ in range(3):  # as a loop does that steps after every batch
        schedule.step()
    last = schedule.get_last_lr()
    with pytest.raises(ValueError, match="3 steps"):
        schedule.step()
    assert schedule.get_last_lr() == last and schedule.last_epoch == 3


@pytest.mark.parametrize(
    ("kind", "argument", "name", "options"),
    [
                    (ValueError, "total_steps", "OneCycleLR", {"max_lr": 1.0}),
        (ValueError, "total_steps", "OneCycleLR", {"max_lr": 1.0, "total_steps": 0}),
        (ValueError, "max_lr", "OneCycleLR", {"max_lr": [1.0], "total_steps": 3}),
        (TypeError, "max_lr", "OneCycleLR", {"max_lr": "1", "total_steps": 3}),
        (ValueError, "pct_start", "OneCycleLR", {"max_lr": 1.0, "total_steps": 3, "pct_start": 1.5}),
        (ValueError, "anneal_strategy", "OneCycleLR", {"max_lr": 1.0, "total_steps": 3, "anneal_strategy": "exp"}),
        (ValueError, "div_factor", "OneCycleLR", {"max_lr": 1.0, "total_steps": 3, "div_factor": 0}),
        ],
)
def test_impossible(kind, argument, name, options):
    with pytest.raises(kind, match=argument):
        getattr(lr_scheduler, name)(optimizer(optim), **options)


def test_momentum_to_cycle():
    with pytest.raises(ValueError, match="momentum"):
        lr_scheduler.OneCycleLR(optim.Adagrad([new()]), 1.0, total_steps=3)
