"""Activations as ONNX nodes."""

import math
from typing import Any

from fastconv import nn
from fastconv._geometry import Shape

from .graph import Graph, Layer, Value


def named(operator: str, **attributes: str) -> Layer:
    """The rule for a layer that is one node; ``attributes`` are those of ONNX, with the names of the layer's."""

    def layer(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
        values = {attribute: getattr(module, name) for attribute, name in attributes.items()}
        return graph.node(operator, x.name, **values)

    return layer


def softmax(operator: str) -> Layer:
    """Softmax or its logarithm; without an axis, the one that the layer takes."""

    def layer(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
        axis = module.dim if module.dim is not None else 0 if len(shape) in (0, 1, 3) else 1
        return graph.node(operator, x.name, axis=axis)

    return layer


def clip(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Clip between two numbers."""
    low, high = (0.0, 6.0) if isinstance(module, nn.ReLU6) else (module.min_val, module.max_val)
    return graph.node("Clip", x.name, graph.array("min", low), graph.array("max", high))


def gelu(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Gelu; before opset 20, its formula."""
    if graph.opset >= 20:
        return graph.node("Gelu", x.name, approximate=module.approximate)
    if module.approximate == "none":
        inner = graph.node("Erf", graph.node("Div", x.name, graph.array("root", math.sqrt(2))))
    else:
        cube = graph.node("Mul", x.name, graph.node("Mul", x.name, x.name))
        bent = graph.node("Add", x.name, graph.node("Mul", cube, graph.array("cubic", 0.044715)))
        inner = graph.node("Tanh", graph.node("Mul", bent, graph.array("scale", math.sqrt(2 / math.pi))))
    share = graph.node("Mul", graph.node("Add", inner, graph.array("one", 1)), graph.array("half", 0.5))
    return graph.node("Mul", x.name, share)


def silu(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """The input times its Sigmoid."""
    return graph.node("Mul", x.name, graph.node("Sigmoid", x.name))


def softplus(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Softplus of the scaled input, and the input itself above the threshold."""
    beta = graph.array("beta", module.beta)
    scaled = x.name if module.beta == 1 else graph.node("Mul", x.name, beta)
    smooth = graph.node("Softplus", scaled)
    if module.beta != 1:
        smooth = graph.node("Div", smooth, beta)
    above = graph.node("Greater", scaled, graph.array("threshold", module.threshold))
    return graph.node("Where", above, x.name, smooth)


def hard_sigmoid(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """HardSigmoid with this library's slope, which is not ONNX's default."""
    return graph.node("HardSigmoid", x.name, alpha=1 / 6, beta=0.5)


def hard_swish(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """HardSwish; before opset 14, its formula."""
    if graph.opset >= 14:
        return graph.node("HardSwish", x.name)
    return graph.node("Mul", x.name, hard_sigmoid(graph, module, x, shape))


LAYERS: dict[type[nn.Module], Layer] = {
    nn.ReLU: named("Relu"),
    nn.Sigmoid: named("Sigmoid"),
    nn.Tanh: named("Tanh"),
    nn.LeakyReLU: named("LeakyRelu", alpha="negative_slope"),
    nn.ELU: named("Elu", alpha="alpha"),
    nn.GELU: gelu,
    nn.SiLU: silu,
    nn.Softplus: softplus,
    nn.Hardtanh: clip,
    nn.ReLU6: clip,
    nn.Hardsigmoid: hard_sigmoid,
    nn.Hardswish: hard_swish,
    nn.Softmax: softmax("Softmax"),
    nn.LogSoftmax: softmax("LogSoftmax"),
}
