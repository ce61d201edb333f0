"""Every layer in an ONNX file computes the same in ONNX's reference and in onnxruntime; what cannot be is named."""

import copy
import os

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

from .files import assert_close, in_onnxruntime, normals

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx.reference import ReferenceEvaluator  # noqa: E402

from fastconv.onnx.exporting import OPSETS, serialized  # noqa: E402

IMAGES, SIGNALS, VECTORS = (2, 6, 9, 8), (2, 6, 11), (3, 6)


def with_statistics(layer):
    """A layer of normalisation whose numbers are not 0 and 1."""
    state = layer.state_dict()
    layer.load_state_dict({n: np.abs(normals(*a.shape)) + 0.5 if a.ndim else a for n, a in state.items()})
    return layer


LAYERS = {
    "Conv2d": (lambda: nn.Conv2d(6, 4, 3, rng=0), IMAGES),
    "Conv2d, options": (lambda: nn.Conv2d(6, 4, (3, 2), (2, 1), (2, 1), (1, 3), 2, False, rng=0), IMAGES),
    "Conv2d, depthwise": (lambda: nn.Conv2d(6, 12, 3, groups=6, rng=0), IMAGES),
    "Conv2d, four sides": (lambda: nn.Conv2d(6, 4, 3, padding=((2, 0), (1, 3)), rng=0), IMAGES),
    "Conv2d, same": (lambda: nn.Conv2d(6, 4, 4, padding="same", rng=0), IMAGES),
    "Conv2d, same, stride": (lambda: nn.Conv2d(6, 4, 4, 3, padding="same", rng=0), IMAGES),
    "Conv2d, valid": (lambda: nn.Conv2d(6, 4, 4, padding="valid", rng=0), IMAGES),
    "Conv2d, reflect": (lambda: nn.Conv2d(6, 4, 3, padding=(2, 1), padding_mode="reflect", rng=0), IMAGES),
    "Conv2d, replicate": (lambda: nn.Conv2d(6, 4, 4, padding="same", padding_mode="replicate", rng=0), IMAGES),
    "Conv2d, circular": (lambda: nn.Conv2d(6, 4, 3, padding=1, padding_mode="circular", rng=0), IMAGES),
    "Conv1d": (lambda: nn.Conv1d(6, 4, 3, 2, 1, 2, 2, rng=0), SIGNALS),
    "Conv1d, same": (lambda: nn.Conv1d(6, 4, 4, padding="same", rng=0), SIGNALS),
    "Conv1d, reflect": (lambda: nn.Conv1d(6, 4, 3, padding=2, padding_mode="reflect", rng=0), SIGNALS),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(6, 4, (3, 4), (2, 3), (1, 2), (1, 0), rng=0), IMAGES),
    "ConvTranspose2d, groups": (lambda: nn.ConvTranspose2d(6, 4, (3, 4), (2, 3), (1, 2), (1, 0), 2, rng=0), IMAGES),
    "ConvTranspose2d, dilated": (lambda: nn.ConvTranspose2d(6, 4, 3, dilation=2, bias=False, rng=0), IMAGES),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(6, 4, 3, 2, 1, 1, rng=0), SIGNALS),
    "Linear": (lambda: nn.Linear(6, 4, rng=0), VECTORS),
    "Linear, no bias": (lambda: nn.Linear(6, 4, False, rng=0), VECTORS),
    "Linear, more axes": (lambda: nn.Linear(8, 4, rng=0), IMAGES),
    "Linear, more axes, no bias": (lambda: nn.Linear(11, 4, False, rng=0), SIGNALS),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, 1), IMAGES),
    "MaxPool2d, ceil": (lambda: nn.MaxPool2d((2, 3), (2, 3), (1, 0), ceil_mode=True), IMAGES),
    "MaxPool2d, dilated": (lambda: nn.MaxPool2d(2, 1, 1, 3), IMAGES),
    "MaxPool2d, much padding": (lambda: nn.MaxPool2d(2, 1, 2, 3), IMAGES),
    "MaxPool1d": (lambda: nn.MaxPool1d(3, 2, 1, ceil_mode=True), SIGNALS),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), IMAGES),
    "AvgPool2d, without padding": (lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), IMAGES),
    "AvgPool2d, ceil": (lambda: nn.AvgPool2d((2, 3), 2, (1, 0), True), IMAGES),
    "AvgPool2d, ceil, without padding": (lambda: nn.AvgPool2d(3, 2, 1, True, False), IMAGES),
    "AvgPool2d, divisor": (lambda: nn.AvgPool2d(3, 2, 1, True, divisor_override=2), IMAGES),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, 2, 1, True), SIGNALS),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(1), IMAGES),
    "AdaptiveAvgPool2d, even": (lambda: nn.AdaptiveAvgPool2d((3, 4)), IMAGES),
    "AdaptiveAvgPool2d, uneven": (lambda: nn.AdaptiveAvgPool2d((4, None)), IMAGES),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(1), IMAGES),
    "AdaptiveMaxPool2d, even": (lambda: nn.AdaptiveMaxPool2d((3, 2)), IMAGES),
    "AdaptiveMaxPool2d, uneven": (lambda: nn.AdaptiveMaxPool2d((5, 12)), IMAGES),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 2, 0, -3)), IMAGES),
    "ConstantPad2d": (lambda: nn.ConstantPad2d((1, -2, 3, 0), -1.5), IMAGES),
    "ConstantPad2d, infinity": (lambda: nn.ConstantPad2d(1, -np.inf), SIGNALS),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d((1, 2, 3, 0)), IMAGES),
    "ReplicationPad2d": (lambda: nn.ReplicationPad2d((1, 2, 3, 0)), IMAGES),
    "CircularPad2d": (lambda: nn.CircularPad2d((1, 2, 3, 0)), IMAGES),
    "ReLU": (nn.ReLU, IMAGES),
    "ReLU6": (nn.ReLU6, IMAGES),
    "Sigmoid": (nn.Sigmoid, IMAGES),
    "Tanh": (nn.Tanh, IMAGES),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.3), IMAGES),
    "ELU": (lambda: nn.ELU(0.7), IMAGES),
    "GELU": (nn.GELU, IMAGES),
    "GELU, tanh": (lambda: nn.GELU("tanh"), IMAGES),
    "SiLU": (nn.SiLU, IMAGES),
    "Softplus": (nn.Softplus, IMAGES),
    "Softplus, options": (lambda: nn.Softplus(2.0, 1.0), IMAGES),
    "Hardtanh": (lambda: nn.Hardtanh(-0.3, 0.8), IMAGES),
    "Hardsigmoid": (nn.Hardsigmoid, IMAGES),
    "Hardswish": (nn.Hardswish, IMAGES),
    "Softmax": (lambda: nn.Softmax(1), IMAGES),
    "Softmax, no axis": (nn.Softmax, VECTORS),
    "LogSoftmax": (lambda: nn.LogSoftmax(-1), SIGNALS),
    "LogSoftmax, no axis": (nn.LogSoftmax, (3, 4)),
    "BatchNorm2d": (lambda: with_statistics(nn.BatchNorm2d(6, 1e-3)), IMAGES),
    "BatchNorm2d, plain": (lambda: with_statistics(nn.BatchNorm2d(6, affine=False)), IMAGES),
    "BatchNorm1d": (lambda: with_statistics(nn.BatchNorm1d(6, momentum=None)), VECTORS),
    "BatchNorm1d, signals": (lambda: with_statistics(nn.BatchNorm1d(6, bias=False)), SIGNALS),
    "GroupNorm": (lambda: with_statistics(nn.GroupNorm(3, 6)), IMAGES),
    "GroupNorm, plain": (lambda: nn.GroupNorm(2, 6, affine=False), SIGNALS),
    "GroupNorm, vectors": (lambda: with_statistics(nn.GroupNorm(2, 6, bias=False)), VECTORS),
    "LayerNorm": (lambda: with_statistics(nn.LayerNorm((9, 8))), IMAGES),
    "LayerNorm, plain": (lambda: nn.LayerNorm(11, 1e-3, False), SIGNALS),
    "Flatten": (nn.Flatten, IMAGES),
    "Flatten, channels": (lambda: nn.Flatten(1, 2), IMAGES),
    "Flatten, batch": (lambda: nn.Flatten(0, 1), IMAGES),
    "Flatten, one axis": (lambda: nn.Flatten(0, 0), IMAGES),
    "Unflatten": (lambda: nn.Unflatten(1, (2, -1)), IMAGES),
    "Unflatten, batch": (lambda: nn.Unflatten(0, (-1, 1)), IMAGES),
    "Upsample": (lambda: nn.Upsample((2, 3)), IMAGES),
    "Dropout": (lambda: nn.Dropout(0.4), IMAGES),
    "Dropout, all": (lambda: nn.Dropout(1.0), IMAGES),
    "Dropout2d": (nn.Dropout2d, IMAGES),
    "Identity": (nn.Identity, IMAGES),
    "Sequential": (lambda: nn.Sequential({"a": nn.ReLU(), "b": nn.Sequential(nn.Tanh())}), IMAGES),
    "Sequential, empty": (nn.Sequential, IMAGES),
    "Residual": (lambda: nn.Residual(nn.Conv2d(6, 6, 3, padding=1, rng=0)), IMAGES),
    "Residual, shortcut": (lambda: nn.Residual(nn.Conv2d(6, 2, 1, rng=0), nn.Conv2d(6, 2, 1, rng=1)), IMAGES),
    "Concat": (lambda: nn.Concat(nn.Conv2d(6, 2, 1, rng=0), nn.Sequential(), nn.ReLU()), IMAGES),
}

NOT_WRITTEN = {
    "criteria": {name for name in nn.__all__ if name.endswith("Loss")},
    "several inputs": {"MaxUnpool2d"},
    "no forward pass of their own": {"Module", "ModuleDict", "ModuleList"},
    "no modules": {"Parameter", "RemovableHandle", "fuse", "init", "utils"},
}
REFERENCE_FAILS = {
    "ConvTranspose2d, groups",  # it takes the sizes of one group for those of all
    *("ZeroPad2d", "ConstantPad2d"),  # it does not crop
}
FIRST_OPSET = {"CircularPad2d": 19, "Conv2d, circular": 19, "LayerNorm": 17, "LayerNorm, plain": 17}


def test_every_layer_is_written_or_has_a_reason():
    written = {name.partition(",")[0] for name in LAYERS}
    assert written | set().union(*NOT_WRITTEN.values()) == set(nn.__all__)
    assert not written & set().union(*NOT_WRITTEN.values())


@pytest.mark.parametrize("name", LAYERS)
def test_computes_the_same_elsewhere(name):
    make, shape = LAYERS[name]
    layer = make().eval()
    for opset in sorted({max(o, FIRST_OPSET.get(name, 0)) for o in (OPSETS[0], 17, 20, OPSETS[-1])}):
        content = serialized(layer, (1, *shape[1:]), opset)
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model, full_check=True)
        assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
        x = 2 * normals(*shape)
        assert_close(layer(x), in_onnxruntime(content, x)[0])
        if opset == 20 and name not in REFERENCE_FAILS:
            assert_close(layer(x), ReferenceEvaluator(model).run(None, {"input": x})[0])


@pytest.mark.parametrize("name", FIRST_OPSET)
def test_older_operators_that_lack_something(name):
    make, shape = LAYERS[name]
    with pytest.raises(ValueError, match=rf"needs opset {FIRST_OPSET[name]}, got opset {FIRST_OPSET[name] - 1}"):
        serialized(make(), shape, FIRST_OPSET[name] - 1)


@pytest.mark.parametrize(
    "name", [name for name, (make, _) in LAYERS.items() if list(make().parameters()) and name not in REFERENCE_FAILS]
)
def test_double(name):
    make, shape = LAYERS[name]
    layer = make().eval()
    for parameter in layer.parameters():
        parameter.data = parameter.data.astype(np.float64)
    for module in layer.modules():
        for buffer in ("running_mean", "running_var"):
            if getattr(module, buffer, None) is not None:
                setattr(module, buffer, getattr(module, buffer).astype(np.float64))
    x = normals(*shape, dtype=np.float64)
    model = onnx.load_from_string(serialized(layer, shape))
    assert_close(layer(x), ReferenceEvaluator(model).run(None, {"input": x})[0], within=1e-9)


NETWORKS = {
    "lenet5": (lambda: fc.models.lenet5(rng=0), (1, 1, 32, 32)),
    "lenet5, 1998": (lambda: fc.models.lenet5(input_size=28, activation="tanh", pool="avg", rng=0), (1, 1, 28, 28)),
    "alexnet": (lambda: fc.models.alexnet(10, width_mult=0.1, rng=0), (1, 3, 80, 80)),
    "vgg11": (lambda: fc.models.vgg11(10, width_mult=0.1, rng=0), (1, 3, 48, 48)),
    "vgg11_bn": (lambda: fc.models.vgg11_bn(10, width_mult=0.1, rng=0), (1, 3, 32, 32)),
    "resnet18": (lambda: fc.models.resnet18(10, width_mult=0.1, rng=0), (1, 3, 40, 40)),
    "resnet20": (lambda: fc.models.resnet20(width_mult=0.5, rng=0), (1, 3, 17, 17)),
    "mobilenet_v2": (lambda: fc.models.mobilenet_v2(10, 0.25, rng=0), (1, 3, 32, 32)),
    "inception_small": (lambda: fc.models.inception_small(width_mult=0.1, rng=0), (1, 3, 20, 20)),
    "densenet_small": (lambda: fc.models.densenet_small(block_config=(2, 2), rng=0), (1, 3, 16, 16)),
    "unet_small": (lambda: fc.models.unet_small(width=4, depth=2, rng=0), (1, 1, 16, 16)),
    "autoencoder_small": (lambda: fc.models.autoencoder_small(rng=0), (1, 1, 32, 32)),
}


def test_every_network_is_here():
    assert {name.partition(",")[0] for name in NETWORKS} == set(fc.models.__all__)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_there_and_back(name, tmp_path):
    make, shape = NETWORKS[name]
    model, path = make(), tmp_path / "model.onnx"
    x = normals(3, *shape[1:])
    model(x)  # so that running statistics are not 0 and 1
    before = copy.deepcopy(model.state_dict())
    fc.onnx.export(model, path, shape)
    assert all(module.training for module in model.modules())
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    ours = model.eval()(x)
    assert_close(ours, in_onnxruntime(path, x)[0])
    if name in ("alexnet", "vgg11", "vgg11_bn"):  # bins of adaptive pooling that overlap are no layer in the file
        with pytest.raises(ValueError, match=r"node 'avgpool/Slice', Slice: the operator is not supported"):
            fc.onnx.load(path)
        return
    loaded = fc.onnx.load(path)
    assert_close(ours, loaded(x))
    assert len(list(loaded.parameters())) == len(list(model.parameters()))
    names = {tensor.name for tensor in onnx.load(path).graph.initializer}
    assert set(dict(model.named_parameters())) <= names
    again = tmp_path / "again.onnx"
    fc.onnx.export(loaded, again, shape)
    assert_close(ours, in_onnxruntime(again, x)[0])


def test_batch_is_dynamic_and_named(tmp_path):
    model = onnx.load_from_string(serialized(fc.models.lenet5(rng=0), (7, 1, 32, 32)))
    ends = [*model.graph.input, *model.graph.output]
    sizes = [[d.dim_param or d.dim_value for d in end.type.tensor_type.shape.dim] for end in ends]
    assert [end.name for end in ends] == ["input", "output"] and sizes == [["batch", 1, 32, 32], ["batch", 10]]
    assert model.producer_name == "fastconv" and model.producer_version == fc.__version__


def test_shared_layers_share_their_weights():
    layer = nn.Linear(4, 4, rng=0)
    model = onnx.load_from_string(serialized(nn.Sequential(layer, nn.ReLU(), layer), (1, 4)))
    assert len(model.graph.initializer) == 2


def test_files_are_the_same_for_the_same_model():
    assert serialized(fc.models.resnet20(rng=0), (1, 3, 8, 8)) == serialized(fc.models.resnet20(rng=0), (1, 3, 8, 8))


def test_what_training_left_behind_does_not_matter():
    model = fc.models.lenet5(rng=0)
    fresh = serialized(model, (1, 1, 32, 32))
    model.backward(model(normals(4, 1, 32, 32)))
    assert serialized(model, (1, 1, 32, 32)) == fresh


class Own(nn.ReLU):
    def forward(self, input):
        return super().forward(-input)


class Named(nn.Sequential):
    """A subclass that computes what its base does."""


BAD_PARTS = {
    "a class of one's own": (Own(), r"Own: it has no equivalent"),
    "a criterion": (nn.MSELoss(), r"MSELoss: it has no equivalent"),
    "unpooling": (nn.MaxUnpool2d(2), r"MaxUnpool2d: it has no equivalent"),
    "indices": (nn.MaxPool2d(2, return_indices=True), r"MaxPool2d: return_indices=True"),
    "more indices": (nn.AdaptiveMaxPool2d(2, return_indices=True), r"AdaptiveMaxPool2d: return_indices=True"),
    "statistics of the batch": (nn.BatchNorm2d(1, track_running_stats=False), r"BatchNorm2d: .* of the batch"),
    "other channels": (nn.Conv2d(2, 1, 1, rng=0), r"Conv2d: .*channels"),
    "a list": (nn.ModuleList([nn.ReLU()]), r"ModuleList: it has no equivalent"),
}


@pytest.mark.parametrize("name", BAD_PARTS)
def test_parts_that_cannot_be_written_are_named(name, tmp_path):
    part, text = BAD_PARTS[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    model = nn.Sequential({"features": nn.Sequential(nn.ReLU(), part)})
    with pytest.raises(ValueError, match=rf"export: part 'features\.1', {text}"):
        fc.onnx.export(model, path, (1, 1, 4, 4))
    with pytest.raises(ValueError, match=rf"export: the model, {text}"):
        fc.onnx.export(part, path, (1, 1, 4, 4))
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["model.onnx"]


def test_a_function_in_the_place_of_forward_is_seen():
    layer = nn.ReLU()
    layer.forward = lambda input: -input
    with pytest.raises(ValueError, match=r"ReLU: it has no equivalent"):
        serialized(layer, (1, 2))
    assert serialized(Named(nn.ReLU()), (1, 2)) == serialized(nn.Sequential(nn.ReLU()), (1, 2))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"model": "net"}, TypeError, "model must be a Module"),
        ({"path": 1}, TypeError, "path must be"),
        ({"input_shape": 4}, TypeError, "input_shape must be"),
        ({"input_shape": (1, 2.0)}, TypeError, "input_shape must be"),
        ({"input_shape": (1, -2)}, ValueError, "input_shape must be"),
        ({"input_shape": ()}, ValueError, "input_shape must have"),
        ({"input_shape": (1, 3)}, ValueError, "the model, Linear"),
        ({"opset": 12}, ValueError, "opset must be >= 13"),
        ({"opset": 24}, ValueError, "opset must be <= 23"),
        ({"opset": "17"}, TypeError, "opset must be an int"),
    ],
)
def test_arguments(change, error, text, tmp_path):
    arguments = {"model": nn.Linear(2, 2), "path": tmp_path / "a.onnx", "input_shape": (1, 2)} | change
    with pytest.raises(error, match=f"export: {text}"):
        fc.onnx.export(**arguments)
    assert not list(tmp_path.iterdir())
