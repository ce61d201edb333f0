"""What each callback does to a run."""

import errno
import math
import os

import pytest

import fastconv as fc
from fastconv import _files, optim
from fastconv.train import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)

from .runs import X_TEST, Y_TEST, Trains, X, Y, trainer_for


class Measured(Callback):
    """Lets a metric take given values, one per epoch."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, run):
        run.metrics[self.name] = self.values[run.epoch - 1]


def epochs_of(values, epochs=20, name="val_loss", **options):
    """How many epochs there are until it stops, and which was the best."""
    stopping = EarlyStopping(name, **options)
    trainer = trainer_for("SGD", [Measured(name, values), stopping])
    history = trainer.fit((X, Y), epochs=epochs, rng=0, progress=False)
    return history.epochs, stopping.best_epoch


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([3, 2, 2, 1, 1, 1], {"patience": 2}, (6, 4)),
        ([3, 4, 4], {"patience": 1}, (2, 1)),
        ([3, 2.5, 1.9, 1.8, 1.7], {"patience": 2, "min_delta": 1.0}, (5, 3)),
        ([0.1, 0.2, 0.1, 0.1], {"patience": 2, "name": "val_accuracy"}, (4, 2)),
        ([0.1, 0.2, 0.1, 0.1], {"patience": 2, "mode": "max"}, (4, 2)),
        ([math.nan, math.nan, 1.0, math.nan, math.inf], {"patience": 2}, (2, None)),
        ([1.0, math.nan, 0.5, math.nan, math.nan], {"patience": 2}, (5, 3)),
        ([2, 1, 0], {"patience": 1, "epochs": 3}, (3, 3)),
    ],
)
def test_early_stopping(values, options, expected):
    assert epochs_of(values, **options) == expected


@pytest.mark.parametrize("restore", [True, False])
def test_the_best_model_is_restored(restore):
    kept = {}

    class Keep(Callback):
        def on_epoch_end(self, run):
            kept[run.epoch] = run.model.state_dict()

    values = [3, 1, 2, 2]
    stopping = EarlyStopping("m", patience=5, restore_best=restore)
    trainer = trainer_for("SGD", [Keep(), Measured("m", values), stopping])
    trainer.fit((X, Y), epochs=4, rng=0, progress=False)
    expected = kept[2 if restore else 4]
    for name, array in trainer.model.state_dict().items():
        assert array.tobytes() == expected[name].tobytes(), name


@pytest.mark.parametrize("callback", [EarlyStopping(), Checkpoint("c.npz", best="b.npz")])
def test_a_metric_that_nobody_measures(callback, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"monitor must be one of \['loss', 'accuracy'\], got 'val_loss'"):
        trainer_for("SGD", [callback]).fit((X, Y), progress=False)


class Rates(list, Callback):
    """The rate of every epoch."""

    def on_epoch_begin(self, run):
        self.append(round(run.optimizer.param_groups[0]["lr"], 6))


def rates_with(make, measured=(), validation=None, **options):
    """Rates under a schedule, which is handed over by `make`: to the trainer as a callback, or else to `fit`."""
    rates, trainer = Rates(), trainer_for("SGD", measured)
    made = make(trainer.optimizer)
    trainer.callbacks += [rates, *([made] if isinstance(made, Callback) else [])]
    schedule = None if isinstance(made, Callback) else made
    trainer.fit((X, Y), validation, epochs=4, batch_size=25, rng=0, progress=False, scheduler=schedule, **options)
    return rates


def half(optimizer):
    return optim.lr_scheduler.ExponentialLR(optimizer, 0.5)


def plateau(optimizer):
    return optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)


def test_schedules_go_by_steps_or_epochs():
    by_steps, by_epochs = [0.1, 0.025, 0.00625, 0.001563], [0.1, 0.05, 0.025, 0.0125]
    assert rates_with(half) == by_steps
    assert rates_with(lambda optimizer: LRScheduler(half(optimizer))) == by_steps
    assert rates_with(lambda optimizer: LRScheduler(half(optimizer), "epoch")) == by_epochs


@pytest.mark.parametrize(("name", "validation"), [("loss", None), ("val_loss", (X_TEST, Y_TEST))])
def test_a_plateau_gets_its_metric(name, validation):
    for values, expected in (([4, 3, 2, 1], [0.1] * 4), ([1, 1, 1, 1], [0.1, 0.1, 0.05, 0.025])):
        measured = [Measured(name, values)]
        assert rates_with(lambda optimizer: LRScheduler(plateau(optimizer)), measured, validation) == expected
    assert rates_with(plateau, validation=validation)[0] == 0.1


def test_schedules_that_cannot_be():
    trainer = trainer_for("SGD")
    trainer.callbacks = [LRScheduler(plateau(trainer.optimizer), monitor="val_accuracy")]
    with pytest.raises(ValueError, match="LRScheduler: monitor must be one of"):
        trainer.fit((X, Y), progress=False)
    for arguments in ({"every": "step"}, {"every": "never"}):
        with pytest.raises(ValueError, match="every"):
            LRScheduler(plateau(trainer.optimizer), **arguments)
    with pytest.raises(ValueError, match="monitor"):
        LRScheduler(optim.lr_scheduler.ExponentialLR(trainer.optimizer, 0.5), monitor="loss")


def test_gradients_are_clipped():
    lengths = []

    class Look(Callback):
        def on_grad_computed(self, run):
            squares = sum(float((p.grad**2).sum()) for p in run.model.parameters())
            lengths.append(math.sqrt(squares))

    clipping = GradientNormClipping(0.5)
    trainer_for("SGD", [Look(), clipping, Look()]).fit((X, Y), epochs=2, rng=0, progress=False)
    before, after = lengths[::2], lengths[1::2]
    assert clipping.norm == pytest.approx(before[-1]) and max(before) > 0.5
    assert after == pytest.approx([min(length, 0.5) for length in before], rel=1e-4)


def test_csv_logger(tmp_path):
    path = tmp_path / "new" / "h.csv"
    seen = []

    class Look(Callback):
        def on_epoch_end(self, run):
            seen.append(fc.History.from_csv(path) == run.history)

    history = trainer_for("SGD", [CSVLogger(path), Look()]).fit((X, Y), (X_TEST, Y_TEST), 3, rng=0, progress=False)
    assert seen == [True] * 3 and fc.History.from_csv(path) == history


def test_two_files_for_one_purpose_each():
    with pytest.raises(ValueError, match="best must be another file"):
        Checkpoint("c.npz", best="c.npz")


@pytest.mark.parametrize("make", [Checkpoint, CSVLogger, lambda path: Checkpoint("ok.npz", best=path)])
@pytest.mark.parametrize("where", ["file/x", "folder", "pipe"])
def test_places_that_cannot_be_written_are_told_before_training(tmp_path, monkeypatch, make, where):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=where.partition("/")[0]):
        trainer_for("SGD", [make(where), Trains()]).fit((X, Y), progress=False)


def test_a_folder_that_is_read_only_is_told_before_training(tmp_path, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(_files.os, "open", refuse)
    with pytest.raises(PermissionError, match=r"c\.npz"):
        trainer_for("SGD", [Checkpoint(tmp_path / "c.npz"), Trains()]).fit((X, Y), progress=False)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_ends_the_run_and_leaves_the_last_checkpoint(tmp_path, monkeypatch, code, call):
    path = tmp_path / "c.npz"

    class Full(Callback):
        def on_epoch_begin(self, run):
            if run.epoch == 3:
                monkeypatch.setattr(_files.os, call, fail)

    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    with pytest.raises(OSError) as error:
        trainer_for("Adam", [Full(), Checkpoint(path)]).fit((X, Y), epochs=5, rng=0, progress=False)
    assert error.value.errno == code and error.value.filename == str(path)
    assert fc.load_checkpoint(path)["training"]["epoch"] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.npz"]
