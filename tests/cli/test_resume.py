"""fastconv train --resume: what it goes on with, and what it refuses."""

import json
import os
import shlex
import signal
import subprocess
import sys

import pytest

import fastconv as fc
import fastconv._files
from fastconv.cli import main

from .files import failure, train, write_idx, write_npz

BITS = ("model.npz", "best.npz", "history.csv", "checkpoint.npz", "config.json")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_idx(tmp_path_factory.mktemp("data"))


def content(folder):
    return {name: (folder / name).read_bytes() for name in BITS}


class Stop(fc.train.Callback):
    """Sends Ctrl-C in the middle of an epoch."""

    def on_batch_end(self, run):
        if run.step == 3:
            signal.raise_signal(signal.SIGINT)


def interrupted(monkeypatch, *argv):
    """Run a command that is interrupted at its third step."""
    fit = fc.Trainer.fit

    def stopping(self, *args, **options):
        self.callbacks.append(Stop())
        return fit(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(fc.Trainer, "fit", stopping)
        return main([*map(str, argv)])


@pytest.mark.parametrize("options", [(), ("--optimizer", "momentum", "--schedule", "step", "--patience", 2)])
def test_the_bits_of_a_run_that_was_not_stopped(data, tmp_path, monkeypatch, capsys, options):
    train(data, tmp_path / "whole", "--epochs", 3, *options)
    out = tmp_path / "with space"
    capsys.readouterr()
    argv = ("train", "--data", data, "--epochs", 3, "--out", out, *options)
    assert interrupted(monkeypatch, *argv) == 130
    line = capsys.readouterr().err
    assert line.startswith("fastconv train: interrupted; to go on: fastconv train --resume --out=")
    assert (out / "model.npz").exists()
    advice = shlex.split(line.split("to go on: ")[1])
    assert advice[0] == "fastconv" and main(advice[1:]) == 0
    assert content(out) == content(tmp_path / "whole")
    assert main([*advice[1:], "--quiet"]) == 0  # nothing is left to do
    assert content(out) == content(tmp_path / "whole")


def test_more_epochs_where_the_schedule_allows_it(data, tmp_path, capsys):
    for out, epochs in (("whole", 3), ("part", 1)):
        train(data, tmp_path / out, "--epochs", epochs, "--schedule", "constant")
    assert main(["train", "--resume", "--out", str(tmp_path / "part"), "--epochs", "3"]) == 0
    assert content(tmp_path / "part") == content(tmp_path / "whole")
    train(data, tmp_path / "cycle", "--epochs", 1)
    line = failure(capsys, 1, "train", "--resume", "--out", tmp_path / "cycle", "--epochs", 3)
    assert "epochs is 1, not 3" in line


def test_other_settings_are_listed(data, tmp_path, capsys):
    train(data, tmp_path, "--epochs", 1)
    before = content(tmp_path)
    argv = ("--model", "lenet5-1998", "--optimizer", "sgd", "--seed", 0)
    line = failure(capsys, 1, "train", "--resume", "--out", tmp_path, *argv)
    assert "model is 'lenet5', not 'lenet5-1998'; optimizer is 'adam', not 'sgd'" in line and "seed" not in line
    assert content(tmp_path) == before


def test_nothing_or_something_else_to_go_on_with(data, tmp_path, capsys):
    out = tmp_path / "run"
    assert "config.json" in failure(capsys, 1, "train", "--resume", "--out", out)
    train(data, out, "--epochs", 1)
    good = (out / "checkpoint.npz").read_bytes()
    for damaged in (b"", good[:-10], good.replace(b"fastconv", b"slowconv")):
        (out / "checkpoint.npz").write_bytes(damaged)
        assert "checkpoint.npz" in failure(capsys, 1, "train", "--resume", "--out", out)
    (out / "checkpoint.npz").write_bytes(good)
    other = write_npz(tmp_path / "other.npz", 40)
    assert "loader" in failure(capsys, 1, "train", "--resume", "--out", out, "--data", other)
    config = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**config, "optimizer": "sgd"}))
    assert "is of Adam, not of SGD" in failure(capsys, 1, "train", "--resume", "--out", out)
    (out / "config.json").write_text(json.dumps({**config, "lr": "fast"}))
    assert "lr must be" in failure(capsys, 1, "train", "--resume", "--out", out)
    (out / "checkpoint.npz").unlink()
    (out / "config.json").write_text(json.dumps(config))
    assert "start without --resume" in failure(capsys, 1, "train", "--resume", "--out", out)


def test_a_new_run_replaces_an_old_one(data, tmp_path, monkeypatch):
    train(data, tmp_path, "--epochs", 2)
    assert interrupted(monkeypatch, "train", "--data", data, "--seed", 1, "--out", tmp_path) == 130
    assert not (tmp_path / "curve.png").exists() and fc.History.from_csv(tmp_path / "history.csv").epochs == 1


def test_a_full_disk_leaves_the_checkpoint_before(data, tmp_path, monkeypatch, capsys):
    train(data, tmp_path / "whole", "--epochs", 3)
    fsync, out = os.fsync, tmp_path / "run"

    def full(descriptor):
        if (out / "history.csv").exists() and (out / "history.csv").read_text().count("\n") == 4:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(fastconv._files.os, "fsync", full)
        line = failure(capsys, 1, "train", "--data", data, "--epochs", 3, "--out", out)
    assert "No space left on device" in line and "to go on: " in line
    assert fc.load_checkpoint(out / "checkpoint.npz")["training"]["epoch"] == 2
    assert not list(out.glob(".fastconv-*"))
    assert main(["train", "--resume", "--out", str(out)]) == 0
    assert content(out) == content(tmp_path / "whole")


def test_a_loss_that_is_not_finite_leaves_the_epoch_before(data, tmp_path, monkeypatch, capsys):
    forward = fc.nn.CrossEntropyLoss.__call__
    calls = []

    def exploding(self, *args):
        calls.append(forward(self, *args))
        return float("nan") if len(calls) == 5 else calls[-1]  # two steps and the validation are an epoch

    monkeypatch.setattr(fc.nn.CrossEntropyLoss, "__call__", exploding)
    line = failure(capsys, 1, "train", "--data", data, "--epochs", 5, "--out", tmp_path)
    assert "the loss is nan at step 4 (epoch 2)" in line and "are of the last epoch before it" in line
    assert fc.load_checkpoint(tmp_path / "checkpoint.npz")["training"]["epoch"] == 1
    monkeypatch.undo()
    assert main(["eval", str(tmp_path / "model.npz")]) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_from_outside(data, tmp_path, number, code):
    out = tmp_path / "run"
    argv = [sys.executable, "-m", "fastconv", "train", "--data", str(data), "--epochs", "100000", "--out", str(out)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(3):
            process.stdout.readline()
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code and error.count("\n") == 1 and f"--resume --out={out}" in error
    assert fc.load_checkpoint(out / "checkpoint.npz")["training"]["epoch"] >= 1
