"""--quiet and --json of every command, and help with examples that are commands."""

import json
import shlex

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import COMMANDS, main
from fastconv.cli.arguments import Parser

from .files import train, write_idx


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("quiet")
    np.save(root / "image.npy", np.zeros((28, 28), np.uint8))
    train(write_idx(root / "data"), root / "run", "--epochs", 1)
    return root


@pytest.fixture
def printed(run, capsys, monkeypatch):
    """Runs a command in the folder of the run, and gives what it prints."""
    monkeypatch.chdir(run)

    def call(line):
        capsys.readouterr()
        assert main(line.split()) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return call


LINES = {
    "train --data data --epochs 1 --out new": "test accuracy ",
    "eval run/model.npz --data data": "test accuracy ",
    "predict run/model.npz image.npy image.npy": "",
    "summary run/model.npz": "parameters: 61,706, multiply-adds: ",
    "info": "fastconv ",
}


@pytest.mark.parametrize("line", LINES)
def test_quiet(printed, line):
    lines = printed(f"{line} --quiet").splitlines()
    assert all(text.startswith(LINES[line]) for text in lines)
    if line.startswith("predict"):
        assert len(lines) == 2 and all(text in "0123456789" for text in lines)
    else:
        assert len(lines) == 1 and len(lines[0]) < 80


@pytest.mark.parametrize("line", [*LINES, "report run"])
def test_json(printed, line):
    if line.startswith("report"):
        pytest.importorskip("matplotlib")
        pytest.importorskip("jinja2")
    for text in printed(f"{line} --json").splitlines():
        assert isinstance(json.loads(text), dict)


def test_json_of_a_training_has_what_eval_measures(printed, run):
    result = json.loads(printed("train --data data --epochs 2 --out new --json"))
    measured = json.loads(printed("eval new/model.npz --data data --json"))
    assert result["test_accuracy"] == measured["accuracy"] and result["test_loss"] == measured["loss"]
    assert result["epochs"] == 2 and result["parameters"] == 61706 and result["out"] == "new"
    assert 0 <= result["train_accuracy"] <= 1


def test_files_are_the_result(printed, run):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    assert printed("report run --quiet") == "" and (run / "run" / "report.html").exists()
    pytest.importorskip("onnx")
    assert printed("export run/model.npz net.onnx --quiet") == "" and (run / "net.onnx").exists()
    told = json.loads(printed("export run/best.npz net.onnx --json"))
    assert told == {"file": "net.onnx", "input_shape": [1, 1, 28, 28]}


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_the_help_are_good_usage(name, capsys):
    module, _ = COMMANDS[name]
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    parser = Parser()
    module.add_arguments(parser)
    for line in module.EXAMPLES.strip().splitlines():
        assert line in shown and len(line) <= 118
        command, *rest = (line.split("   ")[0]).strip().partition(f"fastconv {name}")
        assert command == ""
        parser.parse_args(shlex.split(rest[1]))


def test_the_digits_are_learnt(tmp_path, capsys):
    assert main(["train", "--out", str(tmp_path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["test_accuracy"] > 0.985 and result["epochs"] == 20
    assert fc.History.from_csv(tmp_path / "history.csv").epochs == 20
