"""Training for a given time, by a clock that the test sets."""

import pytest

import fastconv as fc
from fastconv.train import Callback, Checkpoint, CSVLogger, TimeBudget
from fastconv.train.callbacks import time_budget

from .runs import X_TEST, Y_TEST, X, Y, trainer_for


class Clock(Callback):
    """Lets every step and every validation take the seconds that it is given."""

    def __init__(self, monkeypatch, step, validation=0.0):
        self.now, self.step, self.validation = 100.0, step, validation
        self.rates = []
        monkeypatch.setattr(time_budget.time, "monotonic", lambda: self.now)

    def on_grad_computed(self, run):
        self.now += self.step(run.step) if callable(self.step) else self.step
        self.rates.append(run.optimizer.param_groups[0]["lr"])


def fit(clock, seconds, **options):
    trainer = trainer_for("SGD", [clock, *options.pop("callbacks", ())])
    return trainer, trainer.fit((X, Y), rng=0, batch_size=10, time_budget=seconds, progress=False, **options)


@pytest.mark.parametrize("step", [0.25, 1.0, 3.0])
def test_a_cycle_fits_into_the_time(monkeypatch, step):
    clock = Clock(monkeypatch, step)
    trainer, history = fit(clock, 60.0)
    steps = int(60 / step)
    assert steps - 1 <= len(clock.rates) <= steps and clock.now <= 160
    assert history.epochs == -(-len(clock.rates) // 5)
    peak = clock.rates.index(max(clock.rates))
    assert max(clock.rates) == pytest.approx(0.1, rel=0.02) and 0.2 < peak / steps < 0.4
    assert clock.rates[0] == pytest.approx(0.1 / 25) and clock.rates[-1] < 0.1 / 25
    assert clock.rates[:peak] == sorted(clock.rates[:peak])
    assert clock.rates[peak:] == sorted(clock.rates[peak:], reverse=True)
    assert trainer.optimizer.param_groups[0]["lr"] == 0.1


def test_slow_steps_move_the_cycle_further(monkeypatch):
    clock = Clock(monkeypatch, lambda step: 0.5 if step <= 20 else 2.0)
    fit(clock, 60.0)
    assert 44 <= len(clock.rates) <= 45 and clock.now <= 160.5
    assert clock.rates[-1] < 0.002


def test_time_for_the_last_validation_is_left(monkeypatch):
    clock = Clock(monkeypatch, 1.0)
    trainer = trainer_for("SGD", [clock])
    forward = type(trainer.model).forward

    def slow(x):
        clock.now += 0.0 if trainer.model.training else 4.0
        return forward(trainer.model, x)

    monkeypatch.setattr(trainer.model, "forward", slow)
    history = trainer.fit((X, Y), (X_TEST, Y_TEST), rng=0, batch_size=10, time_budget=50.0, progress=False)
    assert 148 <= clock.now <= 150 and history.epochs == len(history["val_loss"]) == 6


def test_epochs_that_end_sooner(monkeypatch):
    clock = Clock(monkeypatch, 1.0)
    _, history = fit(clock, 1000.0, epochs=4)
    assert history.epochs == 4 and clock.rates[-1] < 0.1 / 25


def test_a_resumed_run_has_the_rest_of_the_time(monkeypatch, tmp_path):
    class Stop(Callback):
        def on_batch_end(self, run):
            if run.step == 30:
                raise KeyboardInterrupt

    path = tmp_path / "c.npz"
    first = Clock(monkeypatch, 1.0)
    with pytest.raises(KeyboardInterrupt):
        fit(first, 60.0, callbacks=[Checkpoint(path, every_steps=29), Stop()])
    second = Clock(monkeypatch, 1.0)
    second.now = 5000.0
    fit(second, 60.0, callbacks=[Checkpoint(path)], resume=path)
    whole = Clock(monkeypatch, 1.0)
    fit(whole, 60.0)
    assert first.rates[:29] + second.rates == pytest.approx(whole.rates)


def test_an_error_before_it_starts_is_told(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        trainer_for("SGD", [CSVLogger(tmp_path / "folder"), TimeBudget(1.0)]).fit((X, Y), progress=False)


def test_arguments():
    for wrong in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="seconds"):
            TimeBudget(wrong)
    trainer = trainer_for()
    schedule = fc.optim.lr_scheduler.ConstantLR(trainer.optimizer)
    with pytest.raises(ValueError, match="scheduler"):
        trainer.fit((X, Y), time_budget=1.0, scheduler=schedule)
