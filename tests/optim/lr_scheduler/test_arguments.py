"""What schedulers refuse."""

import math

import pytest

from fastconv.optim import lr_scheduler

from .cases import inverse, ours

IMPOSSIBLE = [
    (ValueError, "step_size", "StepLR", {"step_size": 0}),
    (TypeError, "step_size", "StepLR", {"step_size": 2.0}),
    (TypeError, "step_size", "StepLR", {"step_size": True}),
    (ValueError, "gamma", "StepLR", {"step_size": 1, "gamma": -0.1}),
    (TypeError, "gamma", "StepLR", {"step_size": 1, "gamma": "0.1"}),
    (TypeError, "milestones", "MultiStepLR", {"milestones": 3}),
    (TypeError, "milestones", "MultiStepLR", {"milestones": "12"}),
    (TypeError, "milestones", "MultiStepLR", {"milestones": [1.5]}),
    (ValueError, "milestones", "MultiStepLR", {"milestones": [-1]}),
    (ValueError, "factor", "ConstantLR", {"factor": 1.1}),
    (ValueError, "factor", "ConstantLR", {"factor": -0.1}),
    (ValueError, "total_iters", "ConstantLR", {"total_iters": -1}),
    (ValueError, "start_factor", "LinearLR", {"start_factor": 0}),
    (ValueError, "start_factor", "LinearLR", {"start_factor": 1.5}),
    (ValueError, "end_factor", "LinearLR", {"end_factor": -0.5}),
    (ValueError, "end_factor", "LinearLR", {"end_factor": 1.5}),
    (TypeError, "total_iters", "LinearLR", {"total_iters": None}),
    (ValueError, "gamma", "ExponentialLR", {"gamma": math.nan}),
    (ValueError, "power", "PolynomialLR", {"power": -1}),
    (ValueError, "total_iters", "PolynomialLR", {"total_iters": -1}),
    (ValueError, "lr_lambda", "LambdaLR", {"lr_lambda": [inverse]}),
    (TypeError, "lr_lambda", "LambdaLR", {"lr_lambda": 0.5}),
    (TypeError, "lr_lambda", "LambdaLR", {"lr_lambda": lambda step: "0.5"}),
    (ValueError, "lr_lambda", "LambdaLR", {"lr_lambda": lambda step: -1}),
    (TypeError, "lr_lambda", "MultiplicativeLR", {"lr_lambda": [inverse, None]}),
    (ValueError, "T_max", "CosineAnnealingLR", {"T_max": 0}),
    (TypeError, "T_max", "CosineAnnealingLR", {"T_max": 1.0}),
    (ValueError, "eta_min", "CosineAnnealingLR", {"T_max": 1, "eta_min": -1}),
    (ValueError, "T_0", "CosineAnnealingWarmRestarts", {"T_0": 0}),
    (ValueError, "T_mult", "CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 0}),
    (TypeError, "T_mult", "CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 1.5}),
    (ValueError, "last_epoch", "ExponentialLR", {"gamma": 0.5, "last_epoch": -2}),
    (TypeError, "last_epoch", "ExponentialLR", {"gamma": 0.5, "last_epoch": None}),
    (ValueError, "initial_lr", "CosineAnnealingLR", {"T_max": 3, "last_epoch": 2}),
]


@pytest.mark.parametrize(("kind", "argument", "name", "options"), IMPOSSIBLE)
def test_impossible(kind, argument, name, options):
    with pytest.raises(kind, match=rf"{name}: .*{argument}"):
        getattr(lr_scheduler, name)(ours(), **options)


@pytest.mark.parametrize("wrong", [None, 3, "Adam"])
def test_an_optimizer_has_groups(wrong):
    for make in (
        lambda: lr_scheduler.ExponentialLR(wrong, 0.5),
        lambda: lr_scheduler.LambdaLR(wrong, inverse),
        lambda: lr_scheduler.OneCycleLR(wrong, 1.0, 10),
        lambda: lr_scheduler.ReduceLROnPlateau(wrong),
    ):
        with pytest.raises(TypeError, match="optimizer"):
            make()


def test_a_step_that_fails_changes_nothing():
    schedule = lr_scheduler.LambdaLR(ours(), lambda step: 1.0 if step < 2 else math.nan)
    schedule.step()
    for _ in range(2):
        with pytest.raises(ValueError, match="lr_lambda"):
            schedule.step()
    assert schedule.last_epoch == 1 and schedule.get_last_lr() == [0.1, 0.03]


def test_a_constant_factor_of_zero_ends():
    schedule = lr_scheduler.ConstantLR(ours(), factor=0, total_iters=2)
    assert schedule.get_last_lr() == [0, 0]
    schedule.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.1, 0.03]


def test_a_second_schedule_starts_from_the_first_rates():
    optimizer = ours()
    lr_scheduler.ConstantLR(optimizer, 0.5)
    assert lr_scheduler.ExponentialLR(optimizer, 0.5).base_lrs == [0.1, 0.03]
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.015]
