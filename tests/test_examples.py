"""The examples run and do what their texts say."""

import ast
import runpy
from pathlib import Path

import numpy as np
import pytest

import fastconv as fc

EXAMPLES = Path(__file__).parents[1] / "examples"


def main_of(name):
    return runpy.run_path(str(EXAMPLES / name))["main"]


def test_every_example_has_a_test_and_a_text():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == {
        "numpy_script.py", "compare_backends.py",
        "stop_and_resume.py",
        "image_folder.py",
        "sklearn_pipeline.py",
        "onnx_files.py",
        "torch_layers.py",
        "many_machines.py",
    }  # fmt: skip
    for name in names:
        assert f"python examples/{name}" in ast.get_docstring(ast.parse((EXAMPLES / name).read_text()))


def test_numpy_script():
    assert main_of("numpy_script.py")() > 0.94


def test_stop_and_resume(tmp_path):
    main = main_of("stop_and_resume.py")
    stopped, whole = str(tmp_path / "stopped"), str(tmp_path / "whole")
    main(stopped, epochs=1)
    assert main(stopped, epochs=2) == main(whole, epochs=2) == fc.History.from_csv(tmp_path / "stopped" / "history.csv")


def test_image_folder(capsys):
    pytest.importorskip("PIL")
    assert main_of("image_folder.py")(count=400, epochs=3) > 0.4
    assert "400 pictures of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in capsys.readouterr().out


def test_compare_backends():
    losses = main_of("compare_backends.py")(steps=2, batch_size=1)
    assert list(losses) == fc.available_backends()
    for values in losses.values():
        assert len(values) == 2 and values[1] < values[0]
        np.testing.assert_allclose(values, losses["python"], rtol=1e-4)


def test_onnx_files():
    pytest.importorskip("onnx")
    pytest.importorskip("safetensors")
    results = main_of("onnx_files.py")(epochs=2)
    assert results["trained"] == results["read back"] > 0.8
    assert results["upside down, before"] < 0.6 < 0.8 < results["upside down, after"]
    assert results["weights from safetensors"] == results["upside down, after"]
    assert results.get("in onnxruntime", results["trained"]) == results["trained"]


def test_sklearn_pipeline(capsys):
    pytest.importorskip("sklearn")
    assert main_of("sklearn_pipeline.py")(rows=500) > 0.85
    assert "images of shape (1, 8, 8)" in capsys.readouterr().out


def test_torch_layers(capsys):
    pytest.importorskip("torch")
    results = main_of("torch_layers.py")(epochs=1)
    (_, loss, accuracy), (_, same_loss, same_accuracy) = results.values()
    assert accuracy > 0.7 and same_loss == pytest.approx(loss, rel=0.05) and abs(same_accuracy - accuracy) < 0.05
    assert "computed by fastconv: 7" in capsys.readouterr().out


def test_many_machines_are_one_without_mpi(capsys):
    assert main_of("many_machines.py")(epochs=2) > 0.85
    assert "rank 0 of 1" in capsys.readouterr().out
