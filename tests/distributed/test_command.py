"""``fastconv train`` under ``mpiexec``: what one process writes and prints, and the same accuracy."""

import json

import pytest

import fastconv as fc
from fastconv.cli import main

from .launched import mpiexec, needs_mpi

pytestmark = needs_mpi


def test_two_ranks_train_as_one_does(tmp_path, capsys):
    options = ["train", "--epochs", "4", "--json", "--seed", "1"]
    done = mpiexec(2, "-m", "fastconv", *options, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert main([*options, "--out", str(tmp_path / "one")]) == 0
    two, one = json.loads(line), json.loads(capsys.readouterr().out)
    assert abs(two["test_accuracy"] - one["test_accuracy"]) < 0.02 and two["test_accuracy"] > 0.9
    files = {path.name for path in (tmp_path / "one").iterdir()}
    assert {path.name for path in (tmp_path / "two").iterdir()} == files >= {"checkpoint.npz", "history.csv"}
    assert fc.History.from_csv(tmp_path / "two" / "history.csv").epochs == 4


def test_ranks_print_once_and_one_goes_on(tmp_path, capsys):
    out = tmp_path / "run"
    options = ["--schedule", "constant", "--out", str(out)]
    done = mpiexec(2, "-m", "fastconv", "train", "--epochs", "1", *options)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["lenet5", "epoch", "train", "test"]
    assert main(["train", "--resume", "--epochs", "2", *options]) == 0
    printed = capsys.readouterr().out
    assert "epoch 2/2" in printed and "epoch 1/2" not in printed


@pytest.mark.parametrize("data", ["nowhere.npz"])
def test_a_failing_rank_ends_all_in_one_line(tmp_path, data):
    done = mpiexec(2, "-m", "fastconv", "train", "--data", data, "--out", tmp_path)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "fastconv train: " in done.stderr and "nowhere.npz" in done.stderr and "rank " in done.stderr
