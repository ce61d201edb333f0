"""Files that torch's two exporters write."""

import functools
import warnings

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn

from .files import assert_close, assert_trains, in_double, in_onnxruntime, normals

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch")

from fastconv.onnx.network import Network  # noqa: E402

tnn = torch.nn


class Residual(tnn.Module):
    """Ways that part and meet, padding that is not zero, a flattening that asks for the size of the batch."""

    def __init__(self):
        super().__init__()
        self.first = tnn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
        self.body = tnn.Sequential(tnn.Conv2d(4, 4, 3, padding=1, bias=False), tnn.BatchNorm2d(4), tnn.ReLU())
        self.side = tnn.Conv2d(4, 4, 1, groups=2)
        self.pool = tnn.AdaptiveAvgPool2d(1)
        self.drop = tnn.Dropout(0.3)
        self.last = tnn.Linear(8, 5)

    def forward(self, x):
        y = self.first(x)
        y = torch.cat([self.body(y) + y, tnn.functional.leaky_relu(self.side(y), 0.2)], 1)
        y = self.pool(tnn.functional.max_pool2d(y, 3, 2, 1, ceil_mode=True))
        return torch.softmax(self.last(self.drop(y.view(y.size(0), -1))), -1)


class Tangle(tnn.Module):
    """A graph that is no nest of residual and parallel blocks."""

    def __init__(self):
        super().__init__()
        self.up = tnn.ConvTranspose2d(3, 2, 3, 2, 1, 1)
        self.mean = tnn.AvgPool2d(3, 2, padding=1)
        self.rows = tnn.Linear(9, 5)
        self.shift = tnn.Parameter(torch.randn(1, 162))

    def forward(self, x):
        y = self.mean(self.up(x)).flatten(1)
        y = torch.clamp(y * 0.5 + self.shift, -1, 1).mean(1, keepdim=True)
        z = self.rows(x).mean((1, 2, 3))[:, None] + y
        return torch.tanh(z + y) + z


def chain():
    return tnn.Sequential(
        tnn.Conv2d(3, 4, 3, stride=2, padding=1), tnn.BatchNorm2d(4), tnn.Tanh(), tnn.MaxPool2d(2),
        tnn.Conv2d(4, 6, 1, bias=False), tnn.ELU(), tnn.ZeroPad2d((1, 0, 0, 1)), tnn.AvgPool2d(2, 1), tnn.Flatten(),
        tnn.Linear(24, 7), tnn.BatchNorm1d(7), tnn.Sigmoid(), tnn.Linear(7, 3, bias=False), tnn.LogSoftmax(1),
    )  # fmt: skip


def signals():
    return tnn.Sequential(
        tnn.Conv1d(3, 4, 3, padding=1), tnn.ReLU6(), tnn.MaxPool1d(3, 2), tnn.ConvTranspose1d(4, 2, 2, 2),
        tnn.GELU(), tnn.AvgPool1d(2), tnn.Flatten(), tnn.Linear(8, 2), tnn.Hardtanh(-0.5, 0.5),
    )  # fmt: skip


class Excitation(tnn.Module):
    """Channels are weighted by what all pixels say, and images enlarged."""

    def __init__(self):
        super().__init__()
        self.conv = tnn.Sequential(tnn.Conv2d(3, 4, 3), tnn.GroupNorm(2, 4), tnn.InstanceNorm2d(4, affine=True))
        self.down, self.up = tnn.Conv2d(4, 2, 1), tnn.Conv2d(2, 4, 1)

    def forward(self, x):
        y = tnn.functional.silu(self.conv(x))
        mean = tnn.functional.adaptive_avg_pool2d(y, 1)
        y = y * tnn.functional.hardsigmoid(self.up(tnn.functional.hardswish(self.down(mean))))
        return tnn.functional.interpolate(y, scale_factor=2, mode="nearest")


MODELS = {"chain": (chain, (2, 3, 9, 9)), "signals": (signals, (2, 3, 9)), "residual": (Residual, (2, 3, 9, 9)),
          "tangle": (Tangle, (2, 3, 9, 9)), "excitation": (Excitation, (2, 3, 6, 5))}  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Makes a model of torch and a file of it by one of the exporters, once; gives path, model and input."""
    folder = tmp_path_factory.mktemp("torch")

    @functools.cache
    def make(name, way):
        path = str(folder / f"{name}-{way}.onnx")
        return path, *export(name, path, way)

    return make


def export(name, path, way):
    """A model of torch in a file of one of its exporters; in eval mode, with statistics that are not 0 and 1."""
    torch.manual_seed(0)
    make, shape = MODELS[name]
    model, x = make(), torch.from_numpy(normals(*shape))
    for module in model.modules():
        if isinstance(module, tnn.modules.batchnorm._BatchNorm):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    model.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if way == "traced":
            torch.onnx.export(model, (x,), path, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}})
        elif way == "fixed":
            torch.onnx.export(model, (x,), path, dynamo=False)
        elif way == "training":
            mode = torch.onnx.TrainingMode.PRESERVE
            torch.onnx.export(model, (x,), path, dynamo=False, training=mode, do_constant_folding=False)
        else:
            pytest.importorskip("onnxscript")
            sizes = ({0: torch.export.Dim("n")},)
            torch.onnx.export(model, (x,), path, dynamo=True, dynamic_shapes=sizes, verbose=False)
    return model, x


@pytest.mark.parametrize("way", ["traced", "fixed", "training", "dynamo"])
@pytest.mark.parametrize("name", MODELS)
def test_computes_what_torch_does(name, way, exported):
    path, model, x = exported(name, way)
    loaded = fc.onnx.load(path)
    with torch.no_grad():
        assert_close(loaded(x.numpy()), model(x).numpy())
    assert_close(loaded(x.numpy()), in_onnxruntime(path, x.numpy())[0])
    assert isinstance(loaded, Network if name in ("tangle", "excitation") else nn.Sequential)
    if way in ("traced", "dynamo"):
        more = normals(5, *x.shape[1:])
        with torch.no_grad():
            assert_close(loaded(more), model(torch.from_numpy(more)).numpy())
    assert not any(module.training for module in loaded.modules())


@pytest.mark.parametrize("way", ["traced", "dynamo"])
@pytest.mark.parametrize("name", MODELS)
def test_can_be_trained(name, way, exported):
    path, _, x = exported(name, way)
    assert_trains(in_double(fc.onnx.load(path)), x.numpy().astype(np.float64))


def test_blocks_are_found(exported):
    path, _, _ = exported("residual", "training")
    kinds = [type(module).__name__ for module in fc.onnx.load(path).modules()]
    assert kinds[:7] == ["Sequential", "ReflectionPad2d", "Conv2d", "Concat", "Residual", "Sequential", "Conv2d"]


def test_parameters_that_are_shared_stay_so(tmp_path):
    layer = tnn.Linear(4, 4)
    path = str(tmp_path / "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(tnn.Sequential(layer, tnn.ReLU(), layer), (torch.ones(2, 4),), path, dynamo=False)
    loaded = fc.onnx.load(path)
    assert loaded[0].weight is loaded[2].weight and len(list(loaded.parameters())) == 2


def test_weights_in_another_file(tmp_path):
    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    model = tnn.Linear(64, 64)
    path = str(tmp_path / "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.ones(2, 64),), path, dynamo=True, external_data=True, verbose=False)
    assert (tmp_path / "model.onnx.data").stat().st_size >= 4 * 64 * 64
    x = normals(3, 64)
    assert_close(fc.onnx.load(path)(x), model(torch.from_numpy(x)).detach().numpy())
