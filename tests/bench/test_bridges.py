"""torch models with fastconv's layers in the bench: the steps are torch's, the layers are not."""

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import fastconv.torch as ft  # noqa: E402
from fastconv import bench  # noqa: E402
from fastconv.bench import bridges, networks, shapes  # noqa: E402

LAYERS = {layer.options["model"]: layer._replace(input=(3, *layer.input[1:])) for layer in shapes.read("bridges")}


def test_lenet_and_the_cifar_net_at_two_batches():
    assert [layer.name for layer in shapes.read("bridges")] == ["lenet-32", "lenet-128", "cifar-32", "cifar-128"]


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_swapped(name):
    model = bridges.swapped(networks.NETWORKS[name]())
    kinds = {type(module) for module in model.modules()}
    assert {ft.Conv2d, ft.MaxPool2d, ft.Linear} <= kinds and torch.nn.Conv2d not in kinds


@pytest.mark.parametrize("name", LAYERS)
def test_losses_and_outputs_are_the_same(name):
    step, forward = bridges.torch_model(LAYERS[name])
    ours, first = step.fastconv()()
    np.testing.assert_allclose(step.torch(torch)()[0], ours, rtol=1e-9)
    assert ours[-1] < ours[0] and np.isclose(float(first), ours[0], rtol=1e-4)
    torch.testing.assert_close(forward.fastconv()(), forward.torch(torch)(), rtol=1e-4, atol=1e-5)


def test_the_suite_runs_and_prints_the_ratio():
    stream = io.StringIO()
    report = bench.run("bridges", ["lenet-32"], quick=True, repeats=1, stream=stream)
    assert {row["direction"] for row in report["rows"]} == {"step", "inference"}
    assert {row["backend"] for row in report["rows"]} >= {"torch"}
    assert "x torch" in stream.getvalue() and "after fastconv.torch.replace_layers" in stream.getvalue()
