"""The interface of `onnx.backend`."""

import numpy as np
import pytest

import fastconv as fc

from .files import assert_close, normals

onnx = pytest.importorskip("onnx")

from onnx import helper  # noqa: E402

from fastconv.onnx import Backend  # noqa: E402
from fastconv.onnx.exporting import serialized  # noqa: E402


def test_a_model_runs_by_order_and_by_name():
    net = fc.models.lenet5(rng=0).eval()
    x = normals(3, 1, 32, 32)
    prepared = Backend.prepare(onnx.load_from_string(serialized(net, (1, 1, 32, 32))), "CPU")
    for inputs in ([x], {"input": x}):
        (output,) = prepared.run(inputs)
        assert_close(output, net(x))
    assert onnx.backend.base.Backend in Backend.__mro__


def test_a_node_runs():
    a, b = normals(2, 3), normals(3)
    (total,) = Backend.run_node(helper.make_node("Add", ["a", "b"], ["c"]), [a, b])
    np.testing.assert_array_equal(total, a + b)
    x, w = normals(1, 2, 5, 5), normals(3, 2, 3, 3)
    (maps,) = Backend.run_node(helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 0, 0]), [x, w])
    assert_close(maps, fc.functional.conv2d(x, w, padding=((1, 0), (1, 0))))


def test_devices():
    assert Backend.supports_device("CPU") and not Backend.supports_device("CUDA")
    with pytest.raises(ValueError, match=r"Backend.prepare: device must be 'CPU', got 'CUDA'"):
        Backend.prepare(onnx.ModelProto(), "CUDA")


def test_outputs_that_are_not_real():
    node = helper.make_node("ArgMax", ["x"], ["y"])
    with pytest.raises(ValueError, match=r"outputs must be of float32 or float64, all of y"):
        Backend.run_node(node, [normals(2, 3)])
