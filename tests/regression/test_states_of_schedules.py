"""States of schedules whose values are of another kind: loaded without a word, and the next step failed."""

import pytest

from fastconv import nn, optim
from fastconv.optim import lr_scheduler as schedules


def optimizer():
    return optim.Momentum(nn.Linear(2, 2, rng=0).parameters(), lr=0.1)


def sequence():
    shared = optimizer()
    return schedules.SequentialLR(shared, [schedules.LinearLR(shared), schedules.StepLR(shared, 2)], [3])


WRONG = {
    "StepLR": (
        lambda: schedules.StepLR(optimizer(), 2),
        {"step_size": [None, "2", True, [2]], "gamma": [None, {}], "base_lrs": [0.1, [], [0.1, 0.1], ["0.1"]]},
    ),
    "MultiStepLR": (lambda: schedules.MultiStepLR(optimizer(), [1, 3]), {"milestones": [None, 1, ["1"], {4: 10**12}]}),
    "OneCycleLR": (
        lambda: schedules.OneCycleLR(optimizer(), 0.1, total_steps=9),
        {"anneal_strategy": [None, 1], "cycle_momentum": [0, None], "_rates": [[1.0], [["x"]]], "last_epoch": ["0"]},
    ),
    "ReduceLROnPlateau": (
        lambda: schedules.ReduceLROnPlateau(optimizer()),
        {"best": ["1", [1.0], True], "num_bad_epochs": [None], "min_lrs": [[], [0.0, 0.0]], "mode": [None]},
    ),
    "SequentialLR": (sequence, {"_milestones": [[], [3, 4], ["3"], 3]}),
}


@pytest.mark.parametrize("name", WRONG)
def test_they_are_refused_and_change_nothing(name):
    make, wrong = WRONG[name]
    schedule = make()
    before = schedule.state_dict()
    for key, values in wrong.items():
        for value in values:
            with pytest.raises(ValueError, match=key):
                schedule.load_state_dict(before | {key: value})
    assert schedule.state_dict() == before
    schedule.load_state_dict(before)


def test_numbers_that_there_are_not_yet():
    one, other = (schedules.ReduceLROnPlateau(optimizer()) for _ in range(2))
    before = one.state_dict()
    one.step(3.0)
    other.load_state_dict(one.state_dict())
    other.load_state_dict(before)
    assert other.best is None
