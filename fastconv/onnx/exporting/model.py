"""Containers and blocks as ONNX nodes: what is made of parts."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastconv import models, nn
from fastconv._geometry import Shape

from ..network import Network
from . import activation, convolution, loaded, normalization, padding, pooling, shape
from .graph import Graph, Layer, Value, rule

LAYERS: dict[type[nn.Module], Layer] = (
    convolution.LAYERS
    | pooling.LAYERS
    | activation.LAYERS
    | normalization.LAYERS
    | padding.LAYERS
    | shape.LAYERS
    | loaded.LAYERS
)


def write(graph: Graph, module: nn.Module, x: Value, path: str) -> Value:
    """Add what a module computes from a value; the result."""
    before, graph.path = graph.path, path
    try:
        block = rule(BLOCKS, module)
        if block is not None:
            return block(graph, module, x, path)  # type: ignore[no-any-return]
        layer = rule(LAYERS, module)
        if layer is None:
            raise graph.unsupported(module, "it has no equivalent in ONNX that is known here")
        result = _shape_of_output(graph, module, x)
        return Value(layer(graph, module, x, result), result)
    finally:
        graph.path = before


def _shape_of_output(graph: Graph, module: nn.Module, x: Value) -> Shape:
    """Found by a forward pass, which also says what is wrong with the input."""
    try:
        output = module.forward(np.zeros(x.shape, graph.dtype))
    except (TypeError, ValueError) as error:
        raise graph.unsupported(module, str(error)) from error
    if isinstance(output, tuple):
        output = output[0]
    return output.shape  # type: ignore[no-any-return]


def _named(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _chain(graph: Graph, parts: Iterable[tuple[str, nn.Module]], x: Value, path: str) -> Value:
    """Parts one after the other."""
    for name, part in parts:
        x = write(graph, part, x, _named(path, name))
    return x


def _sum(graph: Graph, a: Value, b: Value) -> Value:
    return Value(graph.node("Add", a.name, b.name), a.shape)


def _joined(graph: Graph, values: list[Value]) -> Value:
    channels = sum(value.shape[1] for value in values)
    name = graph.node("Concat", *(value.name for value in values), axis=1)
    return Value(name, (values[0].shape[0], channels, *values[0].shape[2:]))


def _parts(module: nn.Module, names: Iterable[str]) -> list[tuple[str, nn.Module]]:
    """Those of these parts that there are, with their names."""
    found = ((name, getattr(module, name)) for name in names)
    return [(name, part) for name, part in found if part is not None]


def _sequential(graph: Graph, module: nn.Sequential, x: Value, path: str) -> Value:
    return _chain(graph, module._parts().items(), x, path)


def _residual(graph: Graph, module: nn.Residual, x: Value, path: str) -> Value:
    body = _chain(graph, _parts(module, ["body"]), x, path)
    return _sum(graph, body, _chain(graph, _parts(module, ["shortcut"]), x, path))


def _concat(graph: Graph, module: nn.Concat, x: Value, path: str) -> Value:
    return _joined(graph, [write(graph, part, x, _named(path, name)) for name, part in module._parts().items()])


def _basic_block(graph: Graph, module: models.resnet.BasicBlock, x: Value, path: str) -> Value:
    body = _chain(graph, _parts(module, ["conv1", "bn1", "relu1", "conv2", "bn2"]), x, path)
    total = _sum(graph, body, _chain(graph, _parts(module, ["downsample"]), x, path))
    return _chain(graph, _parts(module, ["relu2"]), total, path)


def _subsample(graph: Graph, module: models.resnet.Subsample, x: Value, path: str) -> Value:
    """Pixels by MaxPool with windows of one, then channels of zeros by Pad."""
    n, c, h, w = x.shape
    kept = graph.node("MaxPool", x.name, kernel_shape=[1, 1], strides=[module.stride] * 2)
    result = (n, module.out_channels, -(-h // module.stride), -(-w // module.stride))
    more = ((0, module.out_channels - c), (0, 0), (0, 0))
    return Value(padding.pad(graph, module, Value(kept, (n, c, *result[2:])), more, "constant"), result)


def _inverted_residual(graph: Graph, module: models.mobilenet.InvertedResidual, x: Value, path: str) -> Value:
    body = _chain(graph, _parts(module, ["conv"]), x, path)
    return _sum(graph, x, body) if module.use_res_connect else body


def _dense_layer(graph: Graph, module: models.densenet.DenseLayer, x: Value, path: str) -> Value:
    body = _chain(graph, _parts(module, ["norm1", "relu1", "conv1", "norm2", "relu2", "conv2"]), x, path)
    return _joined(graph, [x, body])


def _level(graph: Graph, module: models.unet.Level, x: Value, path: str) -> Value:
    skip = _chain(graph, _parts(module, ["encode"]), x, path)
    below = _chain(graph, _parts(module, ["pool", "inner", "up"]), skip, path)
    return _chain(graph, _parts(module, ["decode"]), _joined(graph, [skip, below]), path)


def _network(graph: Graph, module: Network, x: Value, path: str) -> Value:
    if len(module.inputs) != 1 or len(module.outputs) != 1:
        raise graph.unsupported(module, "it must have one input and one output")
    values = {module.inputs[0]: x}
    for step in module.steps:
        part = getattr(module, step.part)
        given = [values[name] for name in step.inputs]
        joining = rule(loaded.JOINING, part)
        if joining is None:
            values[step.output] = write(graph, part, given[0], _named(path, step.part))
        else:
            arrays = [np.zeros(value.shape, graph.dtype) for value in given]
            values[step.output] = Value(joining(graph, part, given), part.forward(*arrays).shape)
    return values[module.outputs[0]]


BLOCKS: dict[type[nn.Module], Callable[[Graph, Any, Value, str], Value]] = {
    Network: _network,
    nn.Sequential: _sequential,
    nn.Residual: _residual,
    nn.Concat: _concat,
    models.resnet.BasicBlock: _basic_block,
    models.resnet.Subsample: _subsample,
    models.mobilenet.InvertedResidual: _inverted_residual,
    models.densenet.DenseLayer: _dense_layer,
    models.unet.Level: _level,
}
