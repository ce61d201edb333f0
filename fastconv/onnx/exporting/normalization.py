"""Normalisation as ONNX nodes."""

from typing import Any

import numpy as np

from fastconv import nn
from fastconv._geometry import Shape

from .graph import Graph, Layer, Value


def _scale_and_shift(graph: Graph, module: Any, shape: Shape) -> tuple[str, str]:
    """Weight and bias, or ones and zeros for them."""
    ones = graph.array("weight", np.ones(shape)) if module.weight is None else graph.parameter("weight", module.weight)
    zeros = graph.array("bias", np.zeros(shape)) if module.bias is None else graph.parameter("bias", module.bias)
    return ones, zeros


def batch_norm(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """BatchNormalization with the running statistics."""
    if module.running_mean is None or module.running_var is None:
        raise graph.unsupported(module, "normalisation with the statistics of the batch has no equivalent in ONNX")
    operands = _scale_and_shift(graph, module, (module.num_features,))
    mean, variance = graph.array("running_mean", module.running_mean), graph.array("running_var", module.running_var)
    more = {} if module.momentum is None else {"momentum": 1 - module.momentum}
    return graph.node("BatchNormalization", x.name, *operands, mean, variance, epsilon=module.eps, **more)


def group_norm(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """InstanceNormalization of groups, then scale and shift of channels.

    ONNX's GroupNormalization has scales of channels only since opset 21.
    """
    groups = module.num_groups
    rows = graph.node("Reshape", x.name, graph.integers("groups", [0, groups, -1]))
    ones, zeros = graph.array("ones", np.ones(groups)), graph.array("zeros", np.zeros(groups))
    normal = graph.node("InstanceNormalization", rows, ones, zeros, epsilon=module.eps)
    result = graph.node("Reshape", normal, graph.integers("shape", [0, *x.shape[1:]]))
    for operator, parameter in (("Mul", module.weight), ("Add", module.bias)):
        if parameter is not None:
            each = parameter.data.reshape(-1, *[1] * (len(x.shape) - 2))
            result = graph.node(operator, result, graph.array("weight" if operator == "Mul" else "bias", each))
    return result


def layer_norm(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """LayerNormalization."""
    if graph.opset < 17:
        raise graph.unsupported(module, f"layer normalisation needs opset 17, got opset {graph.opset}")
    operands = _scale_and_shift(graph, module, module.normalized_shape)
    axis = -len(module.normalized_shape)
    return graph.node("LayerNormalization", x.name, *operands, axis=axis, epsilon=module.eps)


LAYERS: dict[type[nn.Module], Layer] = {
    nn.BatchNorm1d: batch_norm,
    nn.BatchNorm2d: batch_norm,
    nn.GroupNorm: group_norm,
    nn.LayerNorm: layer_norm,
}
