"""Rates that drop when a metric stops improving, against PyTorch."""

from itertools import product

import numpy as np
import pytest

from fastconv.optim import lr_scheduler

from .cases import ours, theirs

GRID = {
    "mode": ("min", "max"),
    "factor": (0.1, 0.5),
    "patience": (0, 2, 10),
    "threshold": (1e-4, 0.1),
    "threshold_mode": ("rel", "abs"),
    "cooldown": (0, 3),
    "min_lr": (0.0, [0.01, 0.02]),
}


def metrics(epochs=60):
    """Getting better, then stuck, with a setback, a NaN and an infinity."""
    rng = np.random.default_rng(0)
    values = np.exp(-np.arange(epochs) / 8) + 0.02 * rng.standard_normal(epochs)
    values[[7, 20]] = np.nan, np.inf
    return values


@pytest.mark.parametrize("values", list(product(*GRID.values())), ids=str)
def test_sixty_epochs(values):
    torch = pytest.importorskip("torch")
    options = dict(zip(GRID, values, strict=True))
    a, b = ours(), theirs()
    mine = lr_scheduler.ReduceLROnPlateau(a, **options)
    yours = torch.optim.lr_scheduler.ReduceLROnPlateau(b, **options)
    for metric in metrics():
        for schedule in (mine, yours):
            schedule.step(metric)
        assert mine.get_last_lr() == pytest.approx(yours.get_last_lr(), rel=1e-12)
        assert (mine.num_bad_epochs, mine.cooldown_counter) == (yours.num_bad_epochs, yours.cooldown_counter)
        assert (mine.best, mine.in_cooldown) in ((yours.best, yours.in_cooldown), (None, yours.in_cooldown))


def test_small_changes_are_not_made():
    optimizer = ours([1e-8])
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, eps=1e-7)
    for _ in range(3):
        schedule.step(1.0)
    assert schedule.get_last_lr() == [1e-8]


def test_a_saved_one_goes_on():
    first, second = ours(), ours()
    a = lr_scheduler.ReduceLROnPlateau(first, patience=3)
    for metric in metrics()[:30]:
        a.step(metric)
    b = lr_scheduler.ReduceLROnPlateau(second)
    b.load_state_dict(a.state_dict())
    second.load_state_dict(first.state_dict())
    for metric in metrics()[30:]:
        a.step(metric)
        b.step(metric)
        assert a.get_last_lr() == b.get_last_lr()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (ValueError, {"mode": "mean"}),
        (TypeError, {"mode": None}),
        (ValueError, {"factor": 1.0}),
        (ValueError, {"factor": -0.1}),
        (TypeError, {"patience": 1.5}),
        (ValueError, {"patience": -1}),
        (ValueError, {"threshold": -1}),
        (ValueError, {"threshold_mode": "relative"}),
        (ValueError, {"cooldown": -1}),
        (ValueError, {"min_lr": [0.1]}),
        (ValueError, {"eps": -1}),
    ],
)
def test_impossible(kind, options):
    (name,) = options
    with pytest.raises(kind, match=name):
        lr_scheduler.ReduceLROnPlateau(ours(), **options)


def test_a_metric_is_a_number():
    schedule = lr_scheduler.ReduceLROnPlateau(ours())
    for wrong in (None, "1", [1.0]):
        with pytest.raises(TypeError, match="metrics"):
            schedule.step(wrong)
    assert schedule.last_epoch == 0
    schedule.step(np.float32(1))
    schedule.step(np.array(1.0))
