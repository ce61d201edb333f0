"""Whole networks in the bench: the twin in torch is the same network, and its steps give the same losses."""

import argparse
import io

import numpy as np
import pytest

from fastconv import bench
from fastconv.bench import networks, shapes

torch = pytest.importorskip("torch")

LAYERS = {layer.options["model"]: layer._replace(input=(3, *layer.input[1:])) for layer in shapes.read("networks")}


def test_every_network_is_in_the_list():
    assert LAYERS.keys() == networks.NETWORKS.keys()


@pytest.mark.parametrize("name", LAYERS)
def test_the_twin_computes_the_same(name):
    model = networks.NETWORKS[name](dtype=np.float64)
    same = model.to_torch()
    assert list(same.state_dict()) == list(model.state_dict())
    x = np.random.default_rng(0).standard_normal(LAYERS[name].input)
    np.testing.assert_allclose(model(x), same(torch.from_numpy(x)).detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LAYERS)
def test_steps_learn_and_are_the_same(name):
    task = networks.training(LAYERS[name])
    ours, first = task.fastconv()()
    np.testing.assert_allclose(task.torch(torch)()[0], ours, rtol=1e-6)
    assert ours[-1] < ours[0] and np.isclose(first, ours[0], rtol=1e-4)
    assert task.flops > 1e6


def test_the_suite_runs():
    report = bench.run("networks", ["lenet-1"], ["torch"], quick=True, repeats=1, stream=io.StringIO())
    assert {row["direction"] for row in report["rows"]} == {"step", "inference"}


def test_onnxruntime_takes_part_in_inference():
    pytest.importorskip("onnx")
    library = pytest.importorskip("onnxruntime")
    stream = io.StringIO()
    against = ["torch", "onnxruntime"]
    report = bench.run("networks", ["lenet-1"], against, quick=True, repeats=1, stream=stream)
    directions = {row["backend"]: set() for row in report["rows"]}
    for row in report["rows"]:
        directions[row["backend"]].add(row["direction"])
    assert directions["onnxruntime"] == {"inference"} and directions["torch"] == {"step", "inference"}
    assert report["machine"]["onnxruntime"] == library.__version__
    titles, step, inference = stream.getvalue().splitlines()[3:6]
    assert "x onnxrt" in titles and " - " in step
    assert len(inference.split()) == len(step.split())


@pytest.mark.parametrize("name", LAYERS)
def test_onnxruntime_computes_the_same(name):
    pytest.importorskip("onnx")
    task = networks.inference(LAYERS[name])
    (ours,), (theirs,) = task.fastconv()(), task.onnxruntime(pytest.importorskip("onnxruntime"))()
    assert abs(ours - theirs).max() <= task.tolerance * abs(ours).max()


def test_onnxruntime_has_no_single_layers():
    with pytest.raises(ValueError, match=r"against must be among .*, got 'onnxruntime'"):
        bench.run("layers", against=["onnxruntime"])


def test_names_between_commas(capsys):
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    named = parser.parse_args(["--against", "torch,onnxruntime", "numpy"]).against
    assert named == [["torch", "onnxruntime"], ["numpy"]]
    with pytest.raises(SystemExit):
        parser.parse_args(["--against", "torch,,numpy"])
    assert "must be among numpy, python, serial, torch, onnxruntime, got ''" in capsys.readouterr().err
