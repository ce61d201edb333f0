"""Folders of runs: made by hand, so that nothing has to be trained."""

import json

import pytest

import fastconv as fc
from fastconv.cli import main

HISTORY = "epoch,loss,accuracy,val_loss,val_accuracy\n1,2.0,0.25,1.5,0.5\n2,0.5,0.75,0.25,0.875\n"


@pytest.fixture(scope="session", autouse=True)
def libraries():
    """Tests of the page need what draws and writes it."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained LeNet-5 on the digits."""
    return made_in(tmp_path)


@pytest.fixture(scope="session")
def reported(libraries, tmp_path_factory):
    """Such a run with its page, which no test may change."""
    root = made_in(tmp_path_factory.mktemp("reported"))
    assert main(["report", str(root)]) == 0
    return root


def made_in(parent):
    root = parent / "my run"
    root.mkdir()
    (root / "history.csv").write_text(HISTORY)
    (root / "config.json").write_text(json.dumps({"model": "lenet5", "data": "digits", "lr": 0.004, "seed": 0}))
    meta = {"model": "lenet5", "num_classes": 10, "input_size": 32}
    fc.save_weights(root / "model.npz", fc.models.lenet5(rng=0), meta)
    return root
