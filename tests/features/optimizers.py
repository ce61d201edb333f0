"""`fastconv.optim`: optimizers and schedulers of the learning rate, and what to construct both libraries' with."""

from typing import Any

from .entry import GRAPH, IMPLEMENTATION, Entry, With


def _list(parameters: list[Any]) -> Any:
    return parameters


def _named(parameters: list[Any]) -> Any:
    return [(f"p{i}", p) for i, p in enumerate(parameters)]


def _groups(parameters: list[Any]) -> Any:
    return [{"params": parameters[:1], "lr": 0.3}, {"params": parameters[1:], "weight_decay": 0.25}]


ALL = {
    "params": [_named, _groups],
    "lr": [0.05],
    "weight_decay": [0.125],
    "maximize": [True],
    "foreach": IMPLEMENTATION,
    "fused": IMPLEMENTATION,
    "differentiable": GRAPH,
}
ADAM = {**ALL, "betas": [(0.5, 0.75)], "eps": [0.01], "amsgrad": [True], "capturable": GRAPH}
WITHOUT_FUSED = {name: value for name, value in ALL.items() if name != "fused"}
BASE = {"params": _list, "lr": 0.1}

OPTIMIZERS = {
    "SGD": Entry(
        BASE,
        {
            **ALL,
            "momentum": [0.75],
            "dampening": [With(dampening=0.5, momentum=0.5)],
            "nesterov": [With(nesterov=True, momentum=0.25)],
        },
    ),
    "Adagrad": Entry(BASE, {**ALL, "lr_decay": [0.5], "initial_accumulator_value": [0.25], "eps": [0.01]}),
    "RMSprop": Entry(
        BASE,
        {
            **WITHOUT_FUSED,
            "alpha": [0.5],
            "eps": [0.01],
            "momentum": [0.75],
            "centered": [True],
            "capturable": GRAPH,
        },
    ),
    "Adam": Entry(BASE, {**ADAM, "decoupled_weight_decay": [With(decoupled_weight_decay=True, weight_decay=0.25)]}),
    "AdamW": Entry(BASE, ADAM),
}


def _halves(step: int) -> float:
    return 1 / (1 + step)


def _quarters(step: int) -> float:
    return 0.75**step


class Parts:
    """Schedulers of one optimizer: made when that is known."""

    def __call__(self, lib: Any, optimizer: Any) -> Any:
        return [lib.ConstantLR(optimizer, 0.5, 3), lib.ExponentialLR(optimizer, 0.75)]


GIVEN = {"optimizer": "optimizer"}  # that of the call
AGAIN = {"last_epoch": [4]}

SCHEDULERS = {
    "StepLR": Entry(GIVEN | {"step_size": 3}, {"gamma": [0.5], **AGAIN}),
    "MultiStepLR": Entry(GIVEN | {"milestones": [2, 2, 5]}, {"gamma": [0.5], **AGAIN}),
    "ConstantLR": Entry(GIVEN, {"factor": [0.75], "total_iters": [2], **AGAIN}),
    "LinearLR": Entry(GIVEN, {"start_factor": [0.75], "end_factor": [0.25], "total_iters": [2], **AGAIN}),
    "ExponentialLR": Entry(GIVEN | {"gamma": 0.5}, AGAIN),
    "PolynomialLR": Entry(GIVEN, {"total_iters": [7], "power": [2.5], **AGAIN}),
    "LambdaLR": Entry(GIVEN | {"lr_lambda": _halves}, {"lr_lambda": [[_quarters, _halves]], **AGAIN}),
    "MultiplicativeLR": Entry(GIVEN | {"lr_lambda": _halves}, {"lr_lambda": [[_quarters, _halves]], **AGAIN}),
    "CosineAnnealingLR": Entry(GIVEN | {"T_max": 5}, {"eta_min": [0.01], **AGAIN}),
    # A later start is torch's own only before the second restart.
    "CosineAnnealingWarmRestarts": Entry(GIVEN | {"T_0": 2}, {"T_mult": [2], "eta_min": [0.01], "last_epoch": [2]}),
    "OneCycleLR": Entry(
        GIVEN | {"max_lr": 1.0, "total_steps": 20},
        {
            "max_lr": [[0.5, 2.0]],
            "epochs": [With(epochs=6, steps_per_epoch=4, total_steps=None)],
            "steps_per_epoch": [With(epochs=3, steps_per_epoch=7, total_steps=None)],
            "pct_start": [0.5],
            "anneal_strategy": ["linear"],
            "cycle_momentum": [False],
            "base_momentum": [0.5, [0.25, 0.5]],
            "max_momentum": [0.99],
            "div_factor": [5.0],
            "final_div_factor": [10.0],
            "three_phase": [True],
            **AGAIN,
        },
    ),
    "ReduceLROnPlateau": Entry(
        GIVEN | {"patience": 1},
        {
            "mode": ["max"],
            "factor": [0.5],
            "patience": [0, 3],
            "threshold": [0.5],
            "threshold_mode": [With(threshold_mode="abs", threshold=0.15)],
            "cooldown": [2],
            "min_lr": [0.005, [0.05, 0.001]],
            "eps": [0.05],
        },
    ),
    "SequentialLR": Entry(GIVEN | {"schedulers": Parts(), "milestones": [4]}, {"milestones": [[2]], "last_epoch": [0]}),
    "ChainedScheduler": Entry({"schedulers": Parts()}, {"optimizer": ["optimizer"]}),
}
