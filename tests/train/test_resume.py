"""A run that was stopped and resumed, at any step, has the bits of one that was not."""

from itertools import pairwise

import numpy as np
import pytest

import fastconv as fc
from fastconv import _files, nn, optim
from fastconv.train import Callback, Checkpoint, EarlyStopping, LRScheduler, TopKAccuracy

from .runs import OPTIMIZERS, STEPS, X_TEST, Y_TEST, X, Y, fit, network, remains, trainer_for


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch):
    """Nobody pulls the plug here."""
    monkeypatch.setattr(_files.os, "fsync", lambda descriptor: None)


class Enough(Exception):
    """The run has gone on for as long as the test needs."""


class Every(Callback):
    """Keeps a checkpoint of each step and each epoch, up to a number of them."""

    saves = True

    def __init__(self, folder, limit=None):
        self.folder, self.limit, self.paths = folder, limit, []
        folder.mkdir(exist_ok=True)

    def keep(self, run):
        self.paths.append(self.folder / f"{len(self.paths)}.npz")
        run.save(str(self.paths[-1]))
        if len(self.paths) == self.limit:
            raise Enough

    on_batch_end = on_epoch_end = keep


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_step_of_every_optimizer(optimizer, tmp_path):
    """Each of 50 steps, and each end of an epoch, leads from its checkpoint to the next one, bit for bit."""
    epochs = 10
    every = Every(tmp_path / "whole")
    whole = trainer_for(optimizer, [every])
    expected = remains(whole, fit(whole, epochs, prefetch=2))
    assert len(every.paths) == epochs * (STEPS + 1)
    for path, following in pairwise(every.paths):
        one = Every(tmp_path / "part", limit=1)
        with pytest.raises(Enough):
            fit(trainer_for(optimizer, [one]), epochs, resume=path)
        assert one.paths[0].read_bytes() == following.read_bytes(), path
    for path in (every.paths[17], every.paths[-1]):
        part = trainer_for(optimizer)
        assert remains(part, fit(part, epochs, resume=path)) == expected


def test_metrics_and_best_models_go_on(tmp_path):
    def trainer(*more):
        stopping = EarlyStopping("loss", patience=2, mode="max")
        return trainer_for("Adam", [stopping, *more], metrics=["accuracy", TopKAccuracy(3), "confusion_matrix"])

    every = Every(tmp_path)
    whole = trainer(every)
    expected = remains(whole, fit(whole, epochs=9))
    assert list(expected[2])[:3] == ["loss", "accuracy", "top3_accuracy"] and len(expected[2]["loss"]) < 9
    for path in every.paths:
        part = trainer()
        assert remains(part, fit(part, epochs=9, resume=path)) == expected, path
        assert part.callbacks[0].best_epoch == whole.callbacks[0].best_epoch


def test_plateaus_and_generators_that_are_shared(tmp_path):
    """One generator for the weights, the dropout and the order; MT19937 has arrays in its state."""

    def train(*callbacks, **options):
        rng = np.random.Generator(np.random.MT19937(7))
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=rng), nn.Dropout(0.5, rng=rng))
        optimizer = optim.Momentum(model.parameters(), lr=0.1)
        plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.1)
        trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, [LRScheduler(plateau), *callbacks])
        shuffled = fc.data.DataLoader(X_TEST, Y_TEST, 7, shuffle=True, rng=rng)
        history = trainer.fit((X, Y), shuffled, 4, rng=rng, batch_size=20, progress=False, **options)
        return remains(trainer, history)

    every = Every(tmp_path)
    expected = train(every)
    assert expected[1][0] < 0.1
    for path in every.paths:
        assert train(resume=path) == expected, path


def test_data_without_a_state_are_passed_over(tmp_path):
    batches = [(X[i : i + 10], Y[i : i + 10]) for i in range(0, 50, 10)]

    class Stop(Callback):
        def on_batch_end(self, run):
            if run.step == 8:
                raise KeyboardInterrupt

    def train(*callbacks, **options):
        trainer = trainer_for("Adam", callbacks)
        return remains(trainer, trainer.fit(batches, epochs=3, progress=False, **options))

    path = tmp_path / "c.npz"
    with pytest.raises(KeyboardInterrupt):
        train(Checkpoint(path, every_steps=7), Stop())
    assert fc.load_checkpoint(path)["training"]["batch"] == 2
    assert train(resume=path) == train()


def test_a_finished_run_stays_as_it_is_and_can_be_made_longer(tmp_path):
    path = tmp_path / "c.npz"
    first = trainer_for("Adam", [Checkpoint(path)])
    expected = remains(first, fit(first, epochs=2))
    again = trainer_for("Adam", [Checkpoint(path)])
    assert remains(again, fit(again, epochs=2, resume=path)) == expected
    longer, whole = trainer_for("Adam", [Checkpoint(path)]), trainer_for("Adam")
    assert remains(longer, fit(longer, epochs=4, resume=path)) == remains(whole, fit(whole, epochs=4))


def test_another_run_is_refused_with_all_differences_and_nothing_changes(tmp_path):
    path = tmp_path / "c.npz"
    saved = trainer_for("Adam", [Checkpoint(path), EarlyStopping()])
    fit(saved, epochs=2)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    other = fc.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), metrics=[])
    before = model.state_dict()
    loader = fc.data.DataLoader(X, Y, 7, shuffle=True, rng=0)
    state = loader.state_dict()
    with pytest.raises(ValueError) as error:
        other.fit(loader, (X_TEST, Y_TEST), 1, resume=path, progress=False)
    for text in (
        str(path), "'1.weight' has shape", "unexpected '0.weight'", "optimizer: it is of Adam, not of SGD",
        "rng: unexpected '4.rng'", "loader: ", "batch_size", "more than epochs=1",
        "callbacks: they must be ['EarlyStopping'",
    ):  # fmt: skip
        assert text in str(error.value), text
    assert loader.state_dict() == state and not other.optimizer.state_dict()["state"]
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    with pytest.raises(ValueError, match="validation: it is in the file, but not in this run"):
        other.fit(loader, epochs=1, resume=path, progress=False)
    fc.save_checkpoint(path, network())
    with pytest.raises(ValueError, match="training: it is not in the file"):
        fit(trainer_for(), resume=path)
    with pytest.raises(FileNotFoundError):
        fit(trainer_for(), resume=tmp_path / "none.npz")
    with pytest.raises(TypeError, match="resume"):
        fit(trainer_for(), resume=3)


def test_the_best_epoch_is_in_the_other_file(tmp_path):
    best, path = tmp_path / "runs" / "best.npz", tmp_path / "runs" / "last.npz"
    trainer = trainer_for("Adam", [Checkpoint(path, best=best, monitor="val_accuracy")])
    history = fit(trainer, epochs=5)
    saved = fc.load_checkpoint(best, network())["training"]
    accuracies = history["val_accuracy"]
    assert saved["epoch"] == accuracies.index(max(accuracies)) + 1
    assert fc.load_checkpoint(path)["training"]["epoch"] == 5
    assert sorted(file.name for file in path.parent.iterdir()) == ["best.npz", "last.npz"]


def test_checkpoints_after_some_epochs_and_steps(tmp_path):
    seen = []

    class Look(Callback):
        saves = True

        def on_batch_end(self, run):
            seen.append(fc.load_checkpoint(path)["training"]["step"] if path.exists() else 0)

    path = tmp_path / "c.npz"
    fit(trainer_for("SGD", [Checkpoint(path, every_steps=4, every_epochs=2), Look()]))
    assert seen == [0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 10, 12, 12, 12, 12]
    assert fc.load_checkpoint(path)["training"]["step"] == 15
