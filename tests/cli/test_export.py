"""`fastconv export`: a trained network as an ONNX file, or one line that says why not."""

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import main

onnx = pytest.importorskip("onnx")


@pytest.fixture
def trained(tmp_path):
    path = tmp_path / "model.npz"
    meta = {"model": "lenet5-1998", "num_classes": 3, "input_size": 28}
    fc.save_weights(path, fc.models.lenet5(3, input_size=28, activation="tanh", pool="avg", rng=0), meta)
    return path


def test_a_network(trained, tmp_path, capsys):
    path = tmp_path / "net.onnx"
    assert main(["export", str(trained), str(path), "--opset", "17"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert onnx.load(path).opset_import[0].version == 17
    net = fc.models.lenet5(3, input_size=28, activation="tanh", pool="avg")
    fc.load_weights(trained, net)
    x = np.random.default_rng(0).standard_normal((2, 1, 28, 28), np.float32)
    np.testing.assert_array_equal(fc.onnx.load(path)(x), net(x))


@pytest.mark.parametrize(
    ("model", "file", "opset", "said"),
    [
        ("none.npz", "net.onnx", "20", "none.npz"),
        ("model.npz", "no/net.onnx", "20", "no"),
        ("model.npz", "net.onnx", "3", "opset must be >= 13, got 3"),
    ],
)
def test_failures(trained, tmp_path, capsys, model, file, opset, said):
    assert main(["export", str(tmp_path / model), str(tmp_path / file), "--opset", opset]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and said in captured.err
    assert not (tmp_path / "net.onnx").exists()
