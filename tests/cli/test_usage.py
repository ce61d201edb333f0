"""Bad usage: exit code 2 and one line that names the option. Help and version: exit code 0."""

import subprocess
import sys

import pytest

import fastconv as fc
from fastconv.cli import COMMANDS, main

BAD = {
    "": "COMMAND",
    "fly": "fly",
    "train --bogus": "--bogus",
    "train extra": "extra",
    "train --epochs": "--epochs",
    "train --epochs -1": "--epochs",
    "train --epochs 0": "--epochs",
    "train --epochs 2.5": "--epochs",
    "train --epochs 1_0": "--epochs",
    "train --epochs 99999999999999999999999": "--epochs",
    "train --batch-size 0": "--batch-size",
    "train --lr nan": "--lr",
    "train --lr inf": "--lr",
    "train --lr 0": "--lr",
    "train --lr -0.1": "--lr",
    "train --lr fast": "--lr",
    "train --seed -1": "--seed",
    "train --seed x": "--seed",
    "train --threads abc": "--threads",
    "train --threads 0": "--threads",
    "train --threads 1000000": "--threads",
    "train --optimizer newton": "--optimizer",
    "train --model resnet": "--model",
    "eval": "MODEL",
    "eval m.npz --batch-size 0": "--batch-size",
    "predict m.npz": "IMAGE",
    "summary": "MODEL",
    "summary lenet5 --batch-size 0": "--batch-size",
    "report": "RUN_DIR",
    "report fastconv-run --threads 0": "--threads",
    "info --bogus": "--bogus",
    "export m.npz": "FILE.onnx",
    "export m.npz m.onnx --opset new": "--opset",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_usage(line, capsys):
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and BAD[line] in captured.err


@pytest.mark.parametrize("argv", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(argv, capsys):
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("usage: fastconv") and captured.err == ""


def test_version_and_info(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fastconv {fc.__version__}\n"
    assert main(["info"]) == 0
    assert fc.get_backend() in capsys.readouterr().out


def test_module_and_exit_code():
    done = subprocess.run([sys.executable, "-m", "fastconv", "fly"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("fastconv: ") and done.stderr.count("\n") == 1
