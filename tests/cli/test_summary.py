"""`fastconv summary`: of a name, and of a file."""

import json

import fastconv as fc
from fastconv.cli import main


def test_of_a_name(capsys):
    assert main(["summary", "lenet5", "--batch-size", "2"]) == 0
    out = capsys.readouterr().out
    assert "(2, 6, 28, 28)" in out and "parameters: 61,706" in out


def test_of_a_file_as_json(tmp_path, capsys):
    path = tmp_path / "model.npz"
    meta = {"model": "lenet5-1998", "num_classes": 3, "input_size": 28}
    fc.save_weights(path, fc.models.lenet5(3, input_size=28, activation="tanh", pool="avg"), meta)
    assert main(["summary", str(path), "--json", "--timing"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["input_shape"] == [1, 1, 28, 28] and table["rows"][0]["output_shape"] == [1, 3]
    assert table["totals"]["forward_ms"] > 0


def test_of_nothing(tmp_path, capsys):
    assert main(["summary", str(tmp_path / "none.npz")]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "none.npz" in captured.err
