"""Networks of any form, and the layers that only files have: what they compute, their gradients, and their errors."""

import copy
import pickle
import threading

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

from .files import assert_trains, normals

pytest.importorskip("onnx")

from fastconv.onnx.layers import (
    Add,
    Affine,
    BorderedAvgPool2d,
    Join,
    MatMul,
    Matrix,
    Mean,
    Multiply,
    Pad,
    Reshape,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from fastconv.onnx.network import Network, Step


def double(*shape):
    return normals(*shape, dtype=np.float64)


LAYERS = {
    "scale and shift": (lambda: Affine(double(3, 1), double(4)), (2, 3, 4), lambda x: x * double(3, 1) + double(4)),
    "a constant": (lambda: Affine(np.array(2.0)), (2, 3), lambda x: 2 * x),
    "nothing": (Affine, (2, 3), lambda x: x),
    "larger": (lambda: Affine(shift=double(2, 3, 4)), (3, 4), lambda x: x + double(2, 3, 4)),
    "mean": (lambda: Mean((0, -1), True), (2, 3, 4), lambda x: x.mean((0, 2), keepdims=True)),
    "mean of all": (lambda: Mean((0, 1), False), (2, 3), lambda x: x.mean()),
    "axes": (lambda: Transpose((2, 0, 1)), (2, 3, 4), lambda x: x.transpose(2, 0, 1)),
    "shape": (lambda: Reshape((0, -1, 2)), (2, 3, 4), lambda x: x.reshape(2, 6, 2)),
    "matrix": (lambda: Matrix(2), (2, 3, 4), lambda x: x.reshape(6, 4)),
    "row": (lambda: Matrix(0), (2, 3), lambda x: x.reshape(1, 6)),
    "less axes": (lambda: Squeeze((0, -1)), (1, 3, 1), lambda x: x[0, :, 0]),
    "more axes": (lambda: Unsqueeze((0, -1)), (3, 2), lambda x: x[None, ..., None]),
    "border": (lambda: Pad(((1, 0), (0, 0), (-1, 2)), 3.0), (2, 3, 4), None),
    "windows": (lambda: BorderedAvgPool2d((3, 2), (2, 1), ((2, 0), (1, 1)), False), (1, 2, 5, 4), None),
    "windows with border": (lambda: BorderedAvgPool2d((3, 2), (2, 1), ((2, 0), (1, 1)), True), (1, 2, 5, 4), None),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    make, shape, expected = LAYERS[name]
    layer, x = make(), double(*shape)
    output = layer(x)
    assert isinstance(output, np.ndarray) and not np.shares_memory(output, x)
    if expected is not None:
        np.testing.assert_allclose(output, expected(x), rtol=1e-12)
    assert fc.testing.gradcheck(layer, x)
    assert layer.backward(np.ones_like(output), input_grad=False) is None
    assert type(layer).__name__ in repr(layer)


JOINS = {
    "sum": (Add, [(2, 3), (3,)], np.add),
    "product": (Multiply, [(2, 1, 3), (4, 1)], np.multiply),
    "matrices": (MatMul, [(5, 2, 3), (3, 4)], np.matmul),
    "joined": (lambda: Join(-1), [(2, 3), (2, 1)], lambda a, b: np.concatenate([a, b], -1)),
}


@pytest.mark.parametrize("name", JOINS)
def test_layers_of_several_inputs(name):
    make, shapes, expected = JOINS[name]
    layer, inputs = make(), [double(*shape) for shape in shapes]
    np.testing.assert_allclose(layer(*inputs), expected(*inputs), rtol=1e-12)
    assert_trains(layer, *inputs)
    assert layer.backward(expected(*inputs), input_grad=False) is None


def test_layers_say_what_is_wrong():
    with pytest.raises(ValueError, match=r"Squeeze: input must have size 1 along axes \(0,\), got shape \(2, 3\)"):
        Squeeze((0,))(double(2, 3))
    with pytest.raises(ValueError, match=r"Reshape: input must have elements for shape \(4, -1\), got shape \(2, 3\)"):
        Reshape((4, -1))(double(2, 3))
    with pytest.raises(ValueError, match=r"Reshape: input must have as many axes as sizes \(0, 0, 0\) count on"):
        Reshape((0, 0, 0))(double(2, 3))
    with pytest.raises(ValueError, match=r"MatMul: a and b must be matrices or stacks of them"):
        MatMul()(double(3), double(3, 2))
    with pytest.raises(TypeError, match=r"Add: b is float32 where"):
        Add()(double(3), normals(3))
    with pytest.raises(TypeError, match=r"Affine: input must be float32 or float64"):
        Affine(np.array(2.0))(np.ones(3, int))


def network():
    """x -> linear -> h -> relu -> r; the sum of h and r, and of that and r: no ways that part and meet in pairs."""
    parts = {"first": nn.Linear(3, 4, rng=0, dtype=np.float64), "relu": nn.Tanh(), "one": Add(), "two": Add()}
    steps = [Step("first", ("x",), "h"), Step("relu", ("h",), "r")]
    steps += [Step("one", ("h", "r"), "s"), Step("two", ("s", "r"), "y")]
    return Network(parts, steps, ["x"], ["y"])


def test_a_network():
    net, x = network(), double(5, 3)
    h = net.first(x)
    np.testing.assert_allclose(net(x), h + 2 * np.tanh(h), rtol=1e-12)
    assert fc.testing.gradcheck(net, x)
    assert list(net.state_dict()) == ["first.weight", "first.bias"]


def test_a_network_is_a_module_like_others():
    net, x = network(), double(5, 3)
    expected = net(x)
    for same in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(same(x), expected)
    calls = []
    with net.get_submodule("relu").register_forward_hook(lambda *seen: calls.append(seen[0])):
        net(x)
    assert calls == [net.relu]
    assert "(first): Linear" in repr(net) and "(two): Add()" in repr(net)
    assert fc.summary(net, (5, 3)).totals.parameters == 16


def test_only_what_is_trained_is_computed():
    net, x = network(), double(5, 3)
    grad = np.ones_like(net(x))
    assert net.backward(grad, input_grad=False) is None
    assert net.first.weight.grad is not None
    net.requires_grad_(False)
    calls = []
    net(x)
    with net.relu.register_full_backward_hook(lambda *seen: calls.append(seen)):
        assert net.backward(grad, input_grad=False) is None
        assert calls == []
        assert net.backward(grad).shape == x.shape
        assert len(calls) == 1


def test_threads_in_eval_mode():
    net = network().eval()
    inputs = [double(i + 1, 3) for i in range(8)]
    expected = [net(x) for x in inputs]
    results = [None] * 8

    def run(i):
        for _ in range(20):
            results[i] = net(inputs[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result, right in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, right)
