"""Ctrl-C and SIGTERM: a checkpoint of the last complete step, and then what the signal always does."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import fastconv as fc
from fastconv import _files
from fastconv.train import Callback, Checkpoint, loop

from .killed import CHECKPOINT, RESULT, main
from .runs import STEPS, X, Y, fit, remains, trainer_for

SIGNALS = [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, ZeroDivisionError)]
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


class Raise(Callback):
    """Sends a signal to the process at a step."""

    def __init__(self, number, step, hook="on_grad_computed"):
        self.number, self.step, self.steps = number, step, []
        setattr(self, hook, self._act)

    def _act(self, run):
        if run.step == self.step:
            signal.raise_signal(self.number)

    def on_batch_end(self, run):
        self.steps.append(run.step)


@pytest.fixture
def handler():
    """SIGTERM divides by zero."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: 1 / 0)
    yield
    signal.signal(signal.SIGTERM, before)


@posix
@pytest.mark.parametrize(("number", "error"), SIGNALS)
@pytest.mark.parametrize("step", [1, 3, STEPS, STEPS + 1])
def test_the_step_is_finished_saved_and_the_run_ended(tmp_path, handler, number, error, step):
    path = tmp_path / "c.npz"
    before = signal.getsignal(number)
    raising = Raise(number, step)
    with pytest.raises(error):
        fit(trainer_for("Adam", [raising, Checkpoint(path)]))
    assert raising.steps[-1] == step and signal.getsignal(number) is before
    assert fc.load_checkpoint(path)["training"]["step"] == step
    part, whole = trainer_for("Adam"), trainer_for("Adam")
    assert remains(part, fit(part, resume=path)) == remains(whole, fit(whole))


@posix
@pytest.mark.parametrize("place", ["forward", "backward", "validation"])
@pytest.mark.parametrize("call", [1, 3])
def test_long_work_is_dropped_and_done_again(tmp_path, monkeypatch, place, call):
    monkeypatch.setattr(loop, "PATIENCE", -1)
    path, calls = tmp_path / "c.npz", []

    def act(*ignored):
        if trainer.model.training is (place != "validation"):
            calls.append(place)
            if len(calls) == call:
                signal.raise_signal(signal.SIGINT)

    trainer = trainer_for("Adam", [Checkpoint(path)])
    dropout = trainer.model[4]
    register = dropout.register_full_backward_hook if place == "backward" else dropout.register_forward_hook
    register(act)
    with pytest.raises(KeyboardInterrupt):
        fit(trainer, prefetch=call - 1)
    saved = fc.load_checkpoint(path)["training"]
    if place == "validation":
        assert (saved["epoch"], saved["batch"], saved["step"]) == (call - 1, STEPS, call * STEPS)
    else:
        assert saved["step"] == saved["batch"] == call - 1
    part, whole = trainer_for("Adam"), trainer_for("Adam")
    assert remains(part, fit(part, resume=path)) == remains(whole, fit(whole))


@posix
def test_data_that_take_long_are_not_waited_for(tmp_path, monkeypatch):
    """The batch that was being made is made again."""

    def transform(images):
        made.append(len(images))
        if made == [10] * 3:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(30)
        return images * 0.5

    def train(make, **options):
        trainer = trainer_for("Adam", [Checkpoint(path)])
        batches = fc.data.DataLoader(X, Y, 10, shuffle=True, rng=1, transform=make)
        return remains(trainer, trainer.fit(batches, epochs=2, progress=False, **options))

    made, path = [], tmp_path / "c.npz"
    monkeypatch.setattr(loop, "PATIENCE", -1)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        train(transform)
    assert time.monotonic() - start < 10 and fc.load_checkpoint(path)["training"]["step"] == 2
    assert train(transform, resume=path) == train(lambda images: images * 0.5)


@posix
def test_a_second_signal_acts_at_once(tmp_path):
    class Twice(Raise):
        def _act(self, run):
            super()._act(run)
            super()._act(run)

    twice = Twice(signal.SIGINT, 2)
    with pytest.raises(KeyboardInterrupt):
        fit(trainer_for("SGD", [twice, Checkpoint(tmp_path / "c.npz")]))
    assert twice.steps == [1] and not (tmp_path / "c.npz").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
def test_signals_act_at_once_if_nobody_saves(tmp_path):
    raising = Raise(signal.SIGINT, 2)
    with pytest.raises(KeyboardInterrupt):
        fit(trainer_for("SGD", [raising]))
    assert raising.steps == [1]


@posix
def test_a_checkpoint_that_cannot_be_written_is_told_instead(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "full")

    class Full(Raise):
        def _act(self, run):
            monkeypatch.setattr(_files.os, "replace", fail)
            super()._act(run)

    with pytest.raises(OSError, match="full"):
        fit(trainer_for("SGD", [Full(signal.SIGINT, 2), Checkpoint(tmp_path / "c.npz")]))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
def test_ignored_signals_stay_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        raising = Raise(signal.SIGINT, 2)
        fit(trainer_for("SGD", [raising, Checkpoint(tmp_path / "c.npz")]))
        assert raising.steps[-1] == 15 and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_train_as_well(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(fit(trainer_for("SGD", [Checkpoint(tmp_path / "c.npz")]))))
    thread.start()
    thread.join()
    assert found[0].epochs == 3


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_process(tmp_path, number, code):
    command = [sys.executable, "-m", "train.killed", str(tmp_path), "Adam", "0.02"]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "epoch 1\n"
        time.sleep(0.05)
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code and ("KeyboardInterrupt" in error) == (number == signal.SIGINT), error
    assert not (tmp_path / RESULT).exists()
    saved = fc.load_checkpoint(tmp_path / CHECKPOINT)
    assert saved["training"]["step"] < 15
    (tmp_path / "whole").mkdir()
    main(tmp_path, "Adam")
    main(tmp_path / "whole", "Adam")
    assert (tmp_path / RESULT).read_text() == (tmp_path / "whole" / RESULT).read_text()
