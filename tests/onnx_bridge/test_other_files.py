"""Files as other programs write them: skl2onnx for scikit-learn; tf2onnx for Keras, with graphs written down here."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

from .files import assert_close, assert_trains, in_double, in_onnxruntime, normals

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from fastconv.onnx.network import Network  # noqa: E402


def saved(path, nodes, inputs, outputs, arrays=(), opset=15):
    """A file with this graph; inputs and outputs are names with shapes, arrays names with values."""
    ends = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in e.items()] for e in (inputs, outputs)]
    tensors = [numpy_helper.from_array(np.asarray(a), name) for name, a in dict(arrays).items()]
    graph = helper.make_graph(nodes, "graph", *ends, tensors)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
    onnx.save(model, path)
    return path


node = helper.make_node


# ---- Keras: images have their channels last, so graphs transpose on the way in and before what flattens


def keras_cnn(path):
    weights = {"w1": 0.3 * normals(4, 1, 3, 3), "b1": normals(4), "w2": 0.3 * normals(6, 4, 3, 3), "b2": normals(6),
               "dense": 0.3 * normals(54, 5), "bias": normals(5)}  # fmt: skip
    nodes = [
        node("Reshape", ["x", "to_nchw"], ["t"], "Conv__6"),  # one channel: the transposition is a reshape
        node(
            "Conv",
            ["t", "w1", "b1"],
            ["c1"],
            "conv2d/Conv2D",
            kernel_shape=[3, 3],
            auto_pad="SAME_UPPER",
            strides=[2, 2],
        ),
        node("Relu", ["c1"], ["r1"], "conv2d/Relu"),
        node("MaxPool", ["r1"], ["p1"], "pool", kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_UPPER"),
        node("Conv", ["p1", "w2"], ["c2"], "conv2d_1", kernel_shape=[3, 3], strides=[1, 1], auto_pad="VALID"),
        node("Add", ["c2", "b2_each"], ["a2"], "conv2d_1/BiasAdd"),
        node("Clip", ["a2", "zero", "six"], ["r2"], "relu6"),
        node("Transpose", ["r2"], ["nhwc"], "back", perm=[0, 2, 3, 1]),
        node("Reshape", ["nhwc", "flat"], ["f"], "flatten/Reshape"),
        node("MatMul", ["f", "dense"], ["m"], "dense/MatMul"),
        node("Add", ["m", "bias"], ["d"], "dense/BiasAdd"),
        node("Softmax", ["d"], ["y"], "dense/Softmax"),
    ]
    weights |= {"b2_each": weights.pop("b2").reshape(1, 6, 1, 1), "zero": np.float32(0), "six": np.float32(6)}
    weights |= {"to_nchw": np.array([-1, 1, 9, 9]), "flat": np.array([-1, 54])}
    return saved(path, nodes, {"x": ["unk", 9, 9, 1]}, {"y": ["unk", 5]}, weights), (2, 9, 9, 1)


def keras_block(path):
    """Separable convolutions with normalisation that was not folded, an average of everything, a residual sum."""
    weights = {"w": 0.5 * normals(3, 3, 1, 1), "dw": 0.3 * normals(3, 1, 3, 3), "dense": normals(3, 2),
               "scale": normals(3), "shift": normals(3), "mean": normals(3), "var": np.ones(3, np.float32),
               "255": np.float32(255), "mid": normals(1, 1, 1, 3), "axes": np.array([2, 3])}  # fmt: skip
    nodes = [
        node("Div", ["x", "255"], ["scaled"], "rescaling"),
        node("Sub", ["scaled", "mid"], ["centred"], "normalization"),
        node("Transpose", ["centred"], ["t"], "in", perm=[0, 3, 1, 2]),
        node("Conv", ["t", "w"], ["c"], "pointwise", kernel_shape=[1, 1]),
        node(
            "BatchNormalization",
            ["c", "scale", "shift", "mean", "var"],
            ["n"],
            "batch_norm",
            epsilon=1e-3,
            momentum=0.99,
        ),
        node("Relu", ["n"], ["r"], "relu"),
        node("Conv", ["r", "dw"], ["d"], "depthwise", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=3),
        node("Add", ["d", "t"], ["s"], "add"),
        node("Concat", ["s", "r"], ["j"], "concatenate", axis=-3),
        node("ReduceMean", ["j"], ["g"], "global", axes=[2, 3], keepdims=1),
        node("Squeeze", ["g", "axes"], ["q"], "squeeze"),
        node("Gemm", ["q", "gemm", "two"], ["y"], "gemm", alpha=0.5, beta=2.0),
    ]
    weights |= {"gemm": normals(6, 2), "two": normals(2)}
    del weights["dense"]
    return saved(path, nodes, {"x": ["unk", 5, 4, 3]}, {"y": ["unk", 2]}, weights), (2, 5, 4, 3)


def keras_two_ends(path):
    """Two inputs and two outputs, one of which is on the way to the other."""
    arrays = {"w": normals(3, 4), "b": normals(4), "v": normals(6, 2)}
    nodes = [
        node("MatMul", ["x", "w"], ["m"], "dense/MatMul"),
        node("Add", ["m", "b"], ["h"], "dense/BiasAdd"),
        node("Sigmoid", ["h"], ["left"], "sigmoid"),
        node("Concat", ["left", "z"], ["c"], "concatenate", axis=1),
        node("MatMul", ["c", "v"], ["right"], "last"),
    ]
    path = saved(path, nodes, {"x": ["n", 3], "z": ["n", 2]}, {"left": ["n", 4], "right": ["n", 2]}, arrays)
    return path, (5, 3), (5, 2)


@pytest.mark.parametrize("make", [keras_cnn, keras_block])
def test_keras(make, tmp_path):
    path, shape = make(str(tmp_path / "model.onnx"))
    loaded = fc.onnx.load(path)
    x = normals(*shape)
    assert isinstance(loaded, nn.Sequential if make is keras_cnn else Network)
    assert_close(loaded(x), in_onnxruntime(path, x)[0])
    assert_trains(in_double(loaded), x.astype(np.float64))


def test_additions_become_biases(tmp_path):
    loaded = fc.onnx.load(keras_cnn(str(tmp_path / "model.onnx"))[0])
    kinds = [type(module).__name__ for module in loaded]
    assert kinds[:5] == ["Reshape", "Conv2d", "ReLU", "ConstantPad2d", "MaxPool2d"]
    assert kinds[5:] == ["Conv2d", "ReLU6", "Transpose", "Flatten", "Linear", "Softmax"]
    assert loaded[5].bias is not None and loaded[9].bias is not None


def test_several_inputs_and_outputs(tmp_path):
    path, *shapes = keras_two_ends(str(tmp_path / "model.onnx"))
    loaded = fc.onnx.load(path)
    assert isinstance(loaded, Network) and loaded.inputs == ("x", "z") and loaded.outputs == ("left", "right")
    assert sorted(dict(loaded.named_parameters())) == ["dense_matmul.bias", "dense_matmul.weight", "last.weight"]
    x, z = (normals(*shape) for shape in shapes)
    for ours, theirs in zip(loaded(x, z), in_onnxruntime(path, x, z), strict=True):
        assert_close(ours, theirs)
    with pytest.raises(TypeError, match=r"2 inputs are needed, x, z, got 1"):
        loaded(x)
    loaded.train()
    grads = [normals(*output.shape) for output in loaded(x, z)]
    assert [grad.shape for grad in loaded.backward(tuple(grads))] == shapes
    with pytest.raises(TypeError, match=r"grad_output must have an array for each of left, right"):
        loaded.backward(grads[0])
    with pytest.raises(ValueError, match=r"Network: it must have one input and one output"):
        fc.onnx.export(loaded, tmp_path / "again.onnx", shapes[0])


# ---- scikit-learn


def estimators():
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    options = {"hidden_layer_sizes": (6, 4), "max_iter": 3, "random_state": 0}
    return {
        "classes": MLPClassifier(**options),
        "names": MLPClassifier(**options),
        "two classes": MLPClassifier(activation="tanh", **options),
        "logistic": MLPClassifier(activation="logistic", **options),
        "numbers": MLPRegressor(**options),
        "scaled": make_pipeline(StandardScaler(), MLPClassifier(**options)),
    }


@pytest.mark.parametrize("name", ["classes", "names", "two classes", "logistic", "numbers", "scaled"])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn(name, tmp_path):
    pytest.importorskip("sklearn")
    skl2onnx = pytest.importorskip("skl2onnx")
    x = 3 * normals(40, 4) + 1
    classes = (x[:, 0] > 0).astype(int) + (0 if name == "two classes" else (x[:, 1] > 1))
    if name == "names":
        classes = np.array(["low", "middle", "high"])[classes]
    estimator = estimators()[name].fit(x, x[:, 0] if name == "numbers" else classes)
    options = None if name == "numbers" else {"zipmap": False}
    path = str(tmp_path / "model.onnx")
    onnx.save(skl2onnx.to_onnx(estimator, x[:1], options=options), path)
    loaded = fc.onnx.load(path)
    expected = estimator.predict(x)[:, None] if name == "numbers" else estimator.predict_proba(x)
    np.testing.assert_allclose(loaded(x), expected, rtol=1e-4, atol=1e-5)
    assert sum(isinstance(module, nn.Linear) and module.bias is not None for module in loaded.modules()) == 3
    assert_trains(in_double(loaded), x[:6].astype(np.float64))


def test_other_models_of_scikit_learn_are_refused_by_name(tmp_path):
    pytest.importorskip("sklearn")
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.linear_model import LinearRegression

    x = normals(40, 4)
    path = str(tmp_path / "model.onnx")
    onnx.save(skl2onnx.to_onnx(LinearRegression().fit(x, x[:, 0]), x[:1]), path)
    with pytest.raises(ValueError, match=r"node 'LinearRegressor', LinearRegressor: the operator of ai.onnx.ml"):
        fc.onnx.load(path)


def test_labels_that_are_looked_up_in_strings(tmp_path):
    """Only what real outputs need is read."""
    nodes = [
        node("MatMul", ["x", "w"], ["scores"], "dense"),
        node("ArgMax", ["scores"], ["best"], "best", axis=1, keepdims=0),
        node("Gather", ["names", "best"], ["label"], "label"),
    ]
    path = str(tmp_path / "model.onnx")
    saved(path, nodes, {"x": ["n", 3]}, {"scores": ["n", 2]}, {"w": normals(3, 2)})
    model = onnx.load(path)
    model.graph.initializer.append(helper.make_tensor("names", TensorProto.STRING, [2], [b"no", b"yes"]))
    model.graph.output.append(helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]))
    onnx.save(model, path)
    x = normals(4, 3)
    assert_close(fc.onnx.load(path)(x), x @ normals(3, 2))


# ---- operators whose attributes meet padding that no layer has


def pooling(operator, **attributes):
    def make(path):
        nodes = [node(operator, ["x"], ["y"], "pool", kernel_shape=[3, 2], **attributes)]
        return saved(path, nodes, {"x": ["n", 2, 7, 8]}, {"y": [None] * 4}, opset=19)

    return make


POOLS = {
    f"{operator} {attributes}": pooling(operator, **attributes)
    for operator in ("MaxPool", "AveragePool")
    for attributes in (
        {"pads": [2, 0, 1, 1]},
        {"pads": [2, 1, 2, 1], "strides": [2, 1]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
        {"auto_pad": "SAME_UPPER"},
        {"ceil_mode": 1, "strides": [3, 3]},
        *([{"pads": [2, 0, 1, 1], "count_include_pad": 1}] if operator == "AveragePool" else [{"dilations": [2, 3]}]),
    )
}


@pytest.mark.parametrize("name", POOLS)
def test_pooling(name, tmp_path):
    path = POOLS[name](str(tmp_path / "model.onnx"))
    loaded, x = fc.onnx.load(path), normals(2, 2, 7, 8)
    expected = in_onnxruntime(path, x)[0]
    assert_close(loaded(x), expected)
    fc.onnx.export(loaded, path, x.shape)
    assert_close(in_onnxruntime(path, x)[0], expected)
    assert_trains(in_double(loaded), x.astype(np.float64))


CONVOLUTIONS = {
    "Conv, one axis": ("Conv", (4, 3, 3), (2, 3, 9), {"pads": [2, 0], "strides": [2]}),
    "Conv, lower": ("Conv", (4, 3, 2, 4), (2, 3, 7, 8), {"auto_pad": "SAME_LOWER"}),
    "Conv, upper": ("Conv", (4, 3, 2, 4), (2, 3, 7, 8), {"auto_pad": "SAME_UPPER", "strides": [3, 2]}),
    "Conv, valid": ("Conv", (4, 3, 2, 4), (2, 3, 7, 8), {"auto_pad": "VALID", "dilations": [2, 1]}),
    "ConvTranspose, uneven": ("ConvTranspose", (3, 4, 3, 2), (2, 3, 5, 6), {"pads": [1, 0, 0, 1], "strides": [2, 1]}),
    "ConvTranspose, one axis": ("ConvTranspose", (3, 4, 3), (2, 3, 5), {"pads": [2, 1], "strides": [2]}),
    "ConvTranspose, same": ("ConvTranspose", (3, 4, 4, 3), (2, 3, 5, 6), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "ConvTranspose, lower": (
        "ConvTranspose",
        (3, 4, 4, 3),
        (2, 3, 5, 6),
        {"auto_pad": "SAME_LOWER", "strides": [1, 2]},
    ),
    "ConvTranspose, shape": (
        "ConvTranspose",
        (3, 4, 3, 3),
        (2, 3, 5, 6),
        {"output_shape": [10, 12], "strides": [2, 2]},
    ),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name, tmp_path):
    operator, weight, shape, attributes = CONVOLUTIONS[name]
    nodes = [node(operator, ["x", "w", "b"], ["y"], "conv", **attributes)]
    arrays = {"w": normals(*weight), "b": normals(4)}
    path = saved(str(tmp_path / "model.onnx"), nodes, {"x": ["n", *shape[1:]]}, {"y": [None] * len(shape)}, arrays)
    loaded, x = fc.onnx.load(path), normals(*shape)
    assert_close(loaded(x), in_onnxruntime(path, x)[0])
    assert_trains(in_double(loaded), x.astype(np.float64))


# ---- the oldest operators that are read


def test_operators_of_opset_seven(tmp_path):
    nodes = [
        node("Pad", ["x"], ["p"], "pad", pads=[0, 0, 1, 0, 0, 0, 0, 2], value=1.5),
        node("Clip", ["p"], ["c"], "clip", min=-1.0),
        node("Dropout", ["c"], ["d"], "dropout", ratio=0.25),
        node("Flatten", ["d"], ["f"], "flatten"),
        node("Softmax", ["f"], ["y"], "softmax"),
    ]
    path = saved(str(tmp_path / "model.onnx"), nodes, {"x": ["n", 2, 3, 4]}, {"y": ["n", 48]}, opset=7)
    loaded, x = fc.onnx.load(path), normals(3, 2, 3, 4)
    assert_close(loaded(x), in_onnxruntime(path, x)[0])
    assert [m.p for m in loaded.modules() if isinstance(m, nn.Dropout)] == [0.25]
