"""Whole networks in the bench: the twin in torch is the same network, and its steps give the same losses."""

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
