"""Sixty epochs of every schedule against PyTorch."""

import inspect

import pytest

from fastconv.optim import lr_scheduler

from .cases import CASES, RATES, SCHEDULES, ours, theirs

torch = pytest.importorskip("torch")
THEIRS = torch.optim.lr_scheduler

EXACT = {"rel": 1e-12, "abs": 1e-12}


def follow(a, b, our_schedule, their_schedule, epochs=60):
    """The rates (and momenta) of both stay equal."""
    for epoch in range(epochs + 1):
        if epoch:
            a.step()
            b.step()
            our_schedule.step()
            their_schedule.step()
        assert our_schedule.get_last_lr() == pytest.approx(their_schedule.get_last_lr(), **EXACT), epoch
        for x, y in zip(a.param_groups, b.param_groups, strict=True):
            assert x["lr"] == pytest.approx(y["lr"], **EXACT), epoch
            assert x["momentum"] == pytest.approx(y["momentum"], **EXACT), epoch


@pytest.mark.parametrize(("name", "options"), CASES)
def test_sixty_epochs(name, options):
    a, b = ours(), theirs()
    follow(a, b, getattr(lr_scheduler, name)(a, **options), getattr(THEIRS, name)(b, **options))



def can_continue(name, options):
    """PyTorch goes wrong where T_mult > 1; no rate of a cosine is below its lowest."""
    return name != "OneCycleLR" and options.get("T_mult", 1) == 1 and options.get("eta_min", 0) < min(RATES)


CONTINUED = [case for case in CASES if can_continue(*case.values)]


@pytest.mark.parametrize(("name", "options"), CONTINUED)
@pytest.mark.parametrize("last_epoch", [0, 4, 29])
def test_continued(name, options, last_epoch):
    a, b = ours(), theirs()
    for optimizer in (a, b):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"] * 2
    options = options | {"last_epoch": last_epoch}
    follow(a, b, getattr(lr_scheduler, name)(a, **options), getattr(THEIRS, name)(b, **options), 20)


def test_warm_restarts_continue_where_they_were():
    a, b = ours(), ours()
    whole = lr_scheduler.CosineAnnealingWarmRestarts(a, T_0=10, T_mult=2)
    for _ in range(26):
        a.step()
        whole.step()
    for group in b.param_groups:
        group["initial_lr"] = group["lr"]
    rest = lr_scheduler.CosineAnnealingWarmRestarts(b, T_0=10, T_mult=2, last_epoch=25)
    assert rest.get_last_lr() == whole.get_last_lr()


@pytest.mark.parametrize("name", [*SCHEDULES, "SequentialLR", "ChainedScheduler", "ReduceLROnPlateau"])
def test_arguments_and_defaults(name):
    mine = list(inspect.signature(getattr(lr_scheduler, name)).parameters.values())
    yours = list(inspect.signature(getattr(THEIRS, name)).parameters.values())
    assert [p.name for p in mine] == [p.name for p in yours]
    for a, b in zip(mine, yours, strict=True):
        assert (a.default, a.kind) == (b.default, b.kind)
