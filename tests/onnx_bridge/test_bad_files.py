"""Files that are damaged, that lie, or that ask for what there is not: each is a ValueError that says so."""

import os
import sys
import tracemalloc

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

from .files import normals
from .test_other_files import saved

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

node = helper.make_node


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def refuses(path, text, error=ValueError):
    with pytest.raises(error, match=rf"(?s)load: .*model\.onnx: .*{text}"):
        fc.onnx.load(path)


def linear(path, **changes):
    """The message of one linear layer, with other fields in its weight."""
    saved(str(path), [node("Gemm", ["x", "w"], ["y"], "gemm")], {"x": ["n", 3]}, {"y": ["n", 2]}, {"w": normals(3, 2)})
    model = onnx.load(path)
    for name, value in changes.items():
        field = getattr(model.graph.initializer[0], name)
        if isinstance(value, list):
            field[:] = value
        else:
            setattr(model.graph.initializer[0], name, value)
    return model


def write(path, model):
    path.write_bytes(model.SerializeToString())


# ---- bytes


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100, b"weights: 1 2 3\n" * 10, b"PK\x03\x04" + bytes(50), b"\xff" * 1000, b"\x08\x07"]
)
def test_other_files(path, content):
    path.write_bytes(content)
    refuses(path, "not an ONNX file")


def test_every_truncation(path):
    fc.onnx.export(nn.Sequential(nn.Linear(2, 2, rng=0), nn.ReLU()), path, (1, 2))
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            model = fc.onnx.load(path)
        except ValueError:
            continue
        assert length and isinstance(model, nn.Module)  # the end of a message may be left out


def test_wrong_bytes_never_do_more_than_raise(path):
    fc.onnx.export(nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.Flatten(), nn.Linear(8, 2, rng=0)), path, (1, 1, 4, 4))
    content = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), random.integers(1, 4)):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            fc.onnx.load(path)
        except ValueError:
            refused += 1
    assert 50 < refused < 600


def test_what_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        fc.onnx.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        fc.onnx.load(tmp_path / "missing")
    with pytest.raises(TypeError, match=r"load: path must be"):
        fc.onnx.load(3)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "model.onnx")
        refuses(tmp_path / "model.onnx", "not a regular file")


# ---- arrays


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"dims": [3, 3]}, r"array 'w': it should have 9 numbers for sizes \(3, 3\), got 6"),
        ({"dims": [2**40, 2**40]}, r"array 'w': it should have \d+ numbers"),
        ({"dims": [2**62, 4]}, r"array 'w': it should have \d+ numbers"),
        ({"dims": [-3, -2]}, r"array 'w': sizes must be >= 0"),
        ({"dims": [-1, 2]}, r"array 'w': sizes must be >= 0"),
        ({"raw_data": b"abc"}, r"array 'w': it should have 6 numbers for sizes \(3, 2\), got 0"),
        ({"raw_data": b""}, r"array 'w': it should have 6 numbers for sizes \(3, 2\), got 0"),
        ({"data_type": TensorProto.DOUBLE}, r"array 'w': it should have 6 numbers for sizes \(3, 2\), got 3"),
        ({"data_type": 999}, r"999"),
        ({"data_type": TensorProto.STRING}, r"not a valid ONNX model: .*STRING"),
        ({"data_type": TensorProto.UNDEFINED}, r"not a valid ONNX model: .*UNDEFINED"),
    ],
)
def test_arrays_that_lie(path, changes, text):
    write(path, linear(path, **changes))
    tracemalloc.start()
    refuses(path, text)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.complex64])
def test_types_of_weights_that_differ(path, dtype):
    saved(str(path), [node("Conv", ["x", "w"], ["y"], "conv")], {"x": ["n", 3, 4, 4]}, {"y": [None] * 4},
          {"w": np.ones((2, 3, 1, 1), dtype)})  # fmt: skip
    refuses(path, "node name: conv.*W .*type")


def test_half_precision(path):
    model = linear(path)
    weight = numpy_helper.from_array(np.ones((3, 2), np.float16), "w")
    model.graph.initializer[0].CopyFrom(weight)
    for end in (*model.graph.input, *model.graph.output):
        end.type.tensor_type.elem_type = TensorProto.FLOAT16
    write(path, model)
    refuses(path, "none of its outputs is of float32 or float64")
    double = helper.make_node("Cast", ["y"], ["z"], "cast", to=TensorProto.FLOAT)
    model.graph.node.append(double)
    model.graph.output[0].name = "z"
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    write(path, model)
    refuses(path, "array 'w': its type must be FLOAT or DOUBLE.*got FLOAT16")


def test_numbers_in_fields_of_their_own(path):
    values = normals(3, 2)
    model = linear(path)
    model.graph.initializer[0].ClearField("raw_data")
    model.graph.initializer[0].float_data[:] = values.ravel().tolist()
    write(path, model)
    np.testing.assert_array_equal(fc.onnx.load(path)[0].weight.data, values.T)
    del model.graph.initializer[0].float_data[-1]
    write(path, model)
    refuses(path, "w")


def external(path, **entries):
    """The file with its weight in another one."""
    model = linear(path)
    weight = model.graph.initializer[0]
    (path.parent / "weights.bin").write_bytes(b"...." + weight.raw_data)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in ({"location": "weights.bin", "offset": "4", "length": "24"} | entries).items():
        if value is not None:
            entry = weight.external_data.add()
            entry.key, entry.value = key, value
    write(path, model)


def test_weights_in_another_file(path):
    for entries in ({}, {"length": None}, {"location": "./weights.bin"}):
        external(path, **entries)
        np.testing.assert_array_equal(fc.onnx.load(path)[0].weight.data, normals(3, 2).T)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"location": "../weights.bin"}, "must be in the folder"),
        ({"location": "/etc/passwd"}, "must be in the folder"),
        ({"location": "a/../../weights.bin"}, "must be in the folder"),
        ({"location": "link.bin"}, "must be in the folder"),
        ({"location": ""}, "must be in the folder"),
        ({"location": None}, "must be in the folder"),
        ({"location": "weights\0.bin"}, "must be in the folder"),
        ({"location": "missing.bin"}, "there is no file"),
        ({"offset": "8"}, "has 28"),
        ({"offset": "-4"}, "offset of its file must be a number"),
        ({"offset": "9" * 30}, "offset of its file must be a number"),
        ({"offset": "1" + "0" * 18}, "has 28"),
        ({"length": "20"}, "it has 24 bytes"),
        ({"length": "many"}, "length of its file must be a number"),
    ],
)
def test_other_files_that_are_not_to_be_read(path, entries, text):
    (path.parent.parent / "weights.bin").write_bytes(bytes(28))
    os.symlink("../weights.bin", path.parent / "link.bin")
    external(path, **entries)
    refuses(path, text)


# ---- graphs


def test_a_circle(path):
    nodes = [node("Add", ["x", "b"], ["a"], "one"), node("Relu", ["a"], ["b"], "two")]
    saved(str(path), nodes, {"x": ["n", 2]}, {"b": ["n", 2]})
    refuses(path, "not a valid ONNX model")


def test_missing_arrays(path):
    saved(str(path), [node("Gemm", ["x", "w"], ["y"], "gemm")], {"x": ["n", 2]}, {"y": ["n", 2]})
    refuses(path, "not a valid ONNX model.*w")


@pytest.mark.parametrize("opset", [1, 6, 99, 2**40])
def test_versions(path, opset):
    model = linear(path)
    model.opset_import[0].version = opset
    write(path, model)
    refuses(path, rf"opset must be 7 to \d+, got {opset}")


IMAGES = ["n", 2, 6, 6]


def bad(operator, inputs="x", outputs="y", shape=IMAGES, arrays=(), opset=15, text="", name="bad", **attributes):
    """A graph of one node, and what is said of it."""
    inputs = inputs.split() if isinstance(inputs, str) else inputs
    return node(operator, inputs, outputs.split(), name, **attributes), shape, dict(arrays), opset, text


SQUARE = {"kernel_shape": [3, 3]}
BAD_NODES = {
    "an operator": bad("Erf", name="deep/erf", text=r"node 'deep/erf', Erf: the operator is not supported"),
    "without a name": bad("Erf", name="", text=r"node that gives 'y', Erf: the operator"),
    "volumes": bad("MaxPool", shape=["n", 2, 4, 4, 4], kernel_shape=[2] * 3, text=r"node 'bad', MaxPool: .* two axes"),
    "indices": bad("MaxPool", outputs="y i", text=r"the output Indices is not supported", **SQUARE),
    "ceil": bad("MaxPool", pads=[2, 2, 0, 0], ceil_mode=1, text=r"ceil_mode with pads that differ", **SQUARE),
    "dilated mean": bad("AveragePool", opset=19, dilations=[2, 1], text=r"dilations must be 1", **SQUARE),
    "unknown size": bad(
        "MaxPool", shape=["n", 2, "h", 6], strides=[2, 2], auto_pad="SAME_UPPER", text=r"must say how large", **SQUARE
    ),
    "a difference of values": bad("Sub", "x x", text=r"one of its inputs must be a constant"),
    "a quotient of values": bad("Div", "x x", text=r"its divisor must be a constant"),
    "half a pixel": bad(
        "Resize", ["x", "", "s"], mode="linear", arrays={"s": np.float32([1, 1, 2, 2])}, text=r"mode must be 'nearest'"
    ),
    "half a size": bad(
        "Resize",
        ["x", "", "s"],
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        arrays={"s": np.float32([1, 1, 0.5, 2])},
        text=r"scales must be 1, 1 and two whole numbers",
    ),
    "softmax of old": bad("Softmax", opset=11, axis=1, text=r"before opset 13, axis must be the last of 4, got 1"),
    "a slope": bad("HardSigmoid", alpha=0.2, text=r"alpha and beta must be 1/6 and 1/2"),
    "joined with a constant": bad(
        "Concat", "x w", shape=["n", 2], axis=0, arrays={"w": normals(1, 2)}, text=r"'w' is a constant"
    ),
    "a mask": bad("Dropout", outputs="y m", text=r"the output mask is not supported"),
    "training": bad("Dropout", "x r t", arrays={"r": np.float32(0.5), "t": np.array(True)}, text=r"one for training"),
    "reflected channels": bad(
        "Pad", "x p", mode="reflect", arrays={"p": np.array([0, 1, 0, 0] * 2)}, text=r"along the last two axes only"
    ),
    "an empty interval": bad(
        "Clip", "x a b", arrays={"a": np.float32(1), "b": np.float32(1)}, text=r"min must be less than max"
    ),
    "another kernel": bad(
        "Conv", "x w", arrays={"w": normals(1, 2, 2, 2)}, text=r"kernel_shape must be that of the weight", **SQUARE
    ),
    "groups": bad("Conv", "x w", arrays={"w": normals(3, 1, 1, 1)}, group=2, text=r"node 'bad', Conv"),
    "a matrix for a bias": bad(
        "Gemm", "x w c", shape=[3, 2], arrays={"w": normals(2, 4), "c": normals(3, 4)}, text=r"must be one row of 4"
    ),
    "vectors": bad("MatMul", "x w", shape=["n", 2], arrays={"w": normals(2)}, text=r"must be the second .* a matrix"),
}


@pytest.mark.parametrize("name", BAD_NODES)
def test_nodes_that_are_not_read_are_named(path, name):
    proto, shape, arrays, opset, text = BAD_NODES[name]
    ranks = {"Gemm": 2, "MatMul": 1}
    results = {output: [None] * ranks.get(proto.op_type, len(shape)) for output in proto.output[:1]}
    saved(str(path), [proto], {"x": shape}, results, arrays, opset)
    refuses(path, text)


def test_constants_that_would_fill_the_memory(path):
    nodes = [
        node("ConstantOfShape", ["sizes"], ["huge"], "huge"),
        node("Add", ["x", "huge"], ["y"], "add"),
    ]
    saved(str(path), nodes, {"x": ["n", 2]}, {"y": [None] * 3}, {"sizes": np.array([2**20, 2**20, 2])})
    refuses(path, "node 'huge', ConstantOfShape")


def test_outputs_that_depend_on_nothing(path):
    saved(str(path), [node("Relu", ["x"], ["y"])], {"x": [2]}, {"w": [2]}, {"w": normals(2)})
    refuses(path, "output 'w' does not depend on an input")


def test_outputs_of_other_types(path):
    graph = helper.make_graph(
        [node("ArgMax", ["x"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, [None, None])],
    )
    write(path, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8))
    refuses(path, "none of its outputs")


def test_sparse_weights(path):
    model = linear(path)
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "s"))
    write(path, model)
    refuses(path, "sparse")


def test_without_the_package(path, monkeypatch):
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnx", None)
    text = r"fastconv\.onnx needs onnx: pip install 'fastconv\[onnx\]'"
    with pytest.raises(ImportError, match=text):
        fc.onnx.load(path)
    with pytest.raises(ImportError, match=text):
        fc.onnx.export(nn.ReLU(), path, (1, 2))
    for name in [name for name in sys.modules if name.startswith("fastconv.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(fc, "onnx")
    with pytest.raises(ImportError, match=text):
        fc.onnx  # noqa: B018
    assert path.read_bytes() == b""
