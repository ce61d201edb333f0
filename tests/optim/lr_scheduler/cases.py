"""Schedules with many combinations of options, and optimizers of both libraries to put them on."""

from itertools import product

import numpy as np
import pytest

from fastconv import nn, optim

RATES = (0.1, 0.03)


def ours(rates=RATES):
    """An optimizer with one group for each rate."""
    groups = [{"params": [nn.Parameter(np.zeros(1))], "lr": rate} for rate in rates]
    return optim.SGD(groups, lr=1.0, momentum=0.5)


def theirs(rates=RATES):
    torch = pytest.importorskip("torch")
    return torch.optim.SGD(
        [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates], lr=1.0, momentum=0.5
    )


def inverse(step):
    return 1 / (1 + step)


def wave(step):
    return 1 + 0.1 * (-1) ** step


def _grid(**options):
    return [dict(zip(options, values, strict=True)) for values in product(*options.values())]


SCHEDULES = {
    "StepLR": _grid(step_size=(1, 3, 30, 100), gamma=(0.1, 0.7, 1.0, 1.5)),
    "MultiStepLR": _grid(milestones=([], [0], [5, 30, 31], [30, 5, 5, 5]), gamma=(0.1, 0.7)),
    "ConstantLR": _grid(factor=(1 / 3, 0.7, 1.0), total_iters=(0, 1, 5, 40)),
    "LinearLR": _grid(start_factor=(1 / 3, 1e-3, 1.0), end_factor=(1.0, 0.2, 0.0), total_iters=(0, 1, 7, 40)),
    "ExponentialLR": _grid(gamma=(0.0, 0.5, 0.99, 1.0, 1.05)),
    "PolynomialLR": _grid(total_iters=(0, 1, 7, 40), power=(0.0, 0.5, 1.0, 2.0)),
    "LambdaLR": _grid(lr_lambda=(inverse, [inverse, wave])),
    "MultiplicativeLR": _grid(lr_lambda=(wave, [wave, lambda step: 0.95])),
    "CosineAnnealingLR": _grid(T_max=(1, 2, 7, 30, 100), eta_min=(0.0, 0.01, 0.2)),
    "CosineAnnealingWarmRestarts": _grid(T_0=(1, 4, 7), T_mult=(1, 2, 3), eta_min=(0.0, 0.01)),
    "OneCycleLR": _grid(
        max_lr=(1.0, [1.0, 2.0]),
        total_steps=(60, 101),
        pct_start=(0.1, 0.3),
        anneal_strategy=("cos", "linear"),
        three_phase=(False, True),
        cycle_momentum=(False, True),
    ),
}
"""Name: many sets of options; those with 60 steps and more are followed for 60."""

CASES = [
    pytest.param(name, options, id=f"{name}-{i}") for name, sets in SCHEDULES.items() for i, options in enumerate(sets)
]
FIRST = [pytest.param(name, sets[-1], id=name) for name, sets in SCHEDULES.items()]
