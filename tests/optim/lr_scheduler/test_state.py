"""Saving and restoring schedules."""

import json

import pytest

from fastconv.optim import lr_scheduler

from .cases import FIRST, ours, theirs
from .test_composition import CHAINS, SEQUENCES, parts


def sequence(optimizer):
    names, milestones = SEQUENCES["constant, linear, step"]
    return lr_scheduler.SequentialLR(optimizer, parts(lr_scheduler, optimizer, names), milestones)


def chain(optimizer):
    return lr_scheduler.ChainedScheduler(parts(lr_scheduler, optimizer, CHAINS["linear and cosine"]))


def one(name, options):
    return lambda optimizer: getattr(lr_scheduler, name)(optimizer, **options)


MAKERS = [*(pytest.param(one(*case.values), id=case.id) for case in FIRST), sequence, chain]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("saved_after", [0, 1, 6, 21])
def test_a_saved_schedule_goes_on(make, saved_after):
    first, second = ours(), ours()
    a = make(first)
    for _ in range(saved_after):
        first.step()
        a.step()
    # As text: what a checkpoint keeps.
    state = json.loads(json.dumps(a.state_dict()))
    b = make(second)
    second.load_state_dict(first.state_dict())
    b.load_state_dict(state)
    assert a.get_last_lr() == b.get_last_lr() and a.last_epoch == b.last_epoch
    for _ in range(30):
        a.step()
        b.step()
        assert [g["lr"] for g in first.param_groups] == [g["lr"] for g in second.param_groups]
        assert [g["momentum"] for g in first.param_groups] == [g["momentum"] for g in second.param_groups]


@pytest.mark.parametrize("make", MAKERS)
def test_state_and_schedule_share_nothing(make):
    schedule = make(ours())
    state = schedule.state_dict()
    kept = json.dumps(state)

    def spoil(value):
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, list | dict):
                spoil(item)
        value.clear()

    spoil(state)
    assert json.dumps(schedule.state_dict()) == kept


@pytest.mark.parametrize("make", MAKERS)
def test_a_state_that_does_not_fit_changes_nothing(make):
    schedule = make(ours())
    before = json.dumps(schedule.state_dict())
    with pytest.raises(TypeError, match="state_dict"):
        schedule.load_state_dict([])
    with pytest.raises(ValueError, match=r"lacks.*last_epoch"):
        schedule.load_state_dict({})
    with pytest.raises(ValueError, match=r"unknown.*speed"):
        schedule.load_state_dict(schedule.state_dict() | {"speed": 1, "last_epoch": 9})
    for key in ("_schedulers", "lr_lambdas"):
        if key in schedule.state_dict():
            with pytest.raises(ValueError, match=key):
                schedule.load_state_dict(schedule.state_dict() | {key: [], "last_epoch": 9})
    assert json.dumps(schedule.state_dict()) == before


def test_a_part_that_does_not_fit_changes_nothing():
    schedule = chain(ours())
    before = json.dumps(schedule.state_dict())
    state = schedule.state_dict() | {"last_epoch": 9}
    state["_schedulers"][0]["last_epoch"] = 9
    del state["_schedulers"][1]["T_max"]
    with pytest.raises(ValueError, match="T_max"):
        schedule.load_state_dict(state)
    assert json.dumps(schedule.state_dict()) == before


@pytest.mark.parametrize(("name", "options"), [case for case in FIRST if case.values[0] != "OneCycleLR"])
def test_a_state_of_pytorch(name, options):
    torch = pytest.importorskip("torch")
    a, b = ours(), theirs()
    mine = getattr(lr_scheduler, name)(a, **options)
    yours = getattr(torch.optim.lr_scheduler, name)(b, **options)
    for _ in range(6):
        b.step()
        yours.step()
    mine.load_state_dict(yours.state_dict())
    a.load_state_dict(b.state_dict())
    for _ in range(10):
        b.step()
        mine.step()
        yours.step()
        assert mine.get_last_lr() == pytest.approx(yours.get_last_lr(), rel=1e-12, abs=1e-12)


class Steep:
    """A factor with an attribute."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, step):
        return self.slope**step


def test_attributes_of_callable_objects_are_saved():
    a = lr_scheduler.LambdaLR(ours(), [Steep(0.5), lambda step: 1.0])
    state = a.state_dict()
    assert state["lr_lambdas"] == [{"slope": 0.5}, None]
    b = lr_scheduler.LambdaLR(ours(), [Steep(0.9), lambda step: 1.0])
    b.load_state_dict(state)
    b.step()
    assert b.get_last_lr()[0] == pytest.approx(0.05)
