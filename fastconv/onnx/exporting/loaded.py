"""Parts of loaded models, back into the nodes that they were made of."""

from collections.abc import Callable, Sequence
from typing import Any

from fastconv import nn
from fastconv._geometry import Shape

from ..layers import (
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
from .graph import Graph, Layer, Value
from .padding import pad


def affine(graph: Graph, module: Affine, x: Value, shape: Shape) -> str:
    """Mul and Add."""
    result = x.name
    for operator, name, values in (("Mul", "scale", module.scale), ("Add", "shift", module.shift)):
        if isinstance(values, nn.Parameter):
            result = graph.node(operator, result, graph.parameter(name, values))
        elif values is not None:
            result = graph.node(operator, result, graph.array(name, values))
    return result if result != x.name else graph.node("Identity", result)


def mean(graph: Graph, module: Mean, x: Value, shape: Shape) -> str:
    """ReduceMean, whose axes are an input since opset 18."""
    keepdims = int(module.keepdims)
    if graph.opset >= 18:
        return graph.node("ReduceMean", x.name, graph.integers("axes", module.axes), keepdims=keepdims)
    return graph.node("ReduceMean", x.name, axes=module.axes, keepdims=keepdims)


def with_sizes(operator: str, name: str) -> Layer:
    """The rule for an operator whose second input has integers."""
    return lambda graph, module, x, shape: graph.node(operator, x.name, graph.integers(name, getattr(module, name)))


def bordered(graph: Graph, module: BorderedAvgPool2d, x: Value, shape: Shape) -> str:
    """AveragePool."""
    pads = [side[0] for side in module.padding] + [side[1] for side in module.padding]
    counts = int(module.count_include_pad)
    sizes = {"kernel_shape": module.kernel_size, "strides": module.stride}
    return graph.node("AveragePool", x.name, pads=pads, count_include_pad=counts, **sizes)


LAYERS: dict[type[nn.Module], Layer] = {
    Affine: affine,
    BorderedAvgPool2d: bordered,
    Matrix: lambda graph, module, x, shape: graph.node("Flatten", x.name, axis=module.axis),
    Mean: mean,
    Pad: lambda graph, module, x, shape: pad(graph, module, x, module.pads, "constant", module.value),
    Reshape: with_sizes("Reshape", "sizes"),
    Squeeze: with_sizes("Squeeze", "axes"),
    Transpose: lambda graph, module, x, shape: graph.node("Transpose", x.name, perm=module.perm),
    Unsqueeze: with_sizes("Unsqueeze", "axes"),
}

JOINING: dict[type[nn.Module], Callable[[Graph, Any, Sequence[Value]], str]] = {
    Add: lambda graph, module, given: graph.node("Add", *(value.name for value in given)),
    Join: lambda graph, module, given: graph.node("Concat", *(value.name for value in given), axis=module.axis),
    Multiply: lambda graph, module, given: graph.node("Mul", *(value.name for value in given)),
    MatMul: lambda graph, module, given: graph.node("MatMul", *(value.name for value in given)),
}
"""Parts with several inputs, which stand in a `Network` only."""
