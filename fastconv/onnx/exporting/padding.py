"""Borders as ONNX nodes."""

from collections.abc import Sequence
from typing import Any

from fastconv import nn
from fastconv._geometry import Shape

from .graph import Graph, Layer, Value

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""Our words, and those of ONNX."""

WRAP_SINCE = 19


def pad(
    graph: Graph, module: nn.Module, x: Value, sides: Sequence[tuple[int, int]], mode: str, value: float = 0.0
) -> str:
    """A Pad of the last axes; ``sides`` has what is put before and behind each."""
    if mode == "wrap" and graph.opset < WRAP_SINCE:
        raise graph.unsupported(module, f"circular padding needs opset {WRAP_SINCE}, got opset {graph.opset}")
    none = [0] * (len(x.shape) - len(sides))
    amounts = none + [before for before, _ in sides] + none + [behind for _, behind in sides]
    operands = [x.name, graph.integers("pads", amounts)]
    if mode == "constant":
        operands.append(graph.array("value", value))
    return graph.node("Pad", *operands, mode=mode)


def padding_layer(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """One of the layers that do nothing but pad."""
    left, right, top, bottom = module.padding
    return pad(graph, module, x, ((top, bottom), (left, right)), MODES[module.mode], module.value)


LAYERS: dict[type[nn.Module], Layer] = {
    nn.ZeroPad2d: padding_layer,
    nn.ConstantPad2d: padding_layer,
    nn.ReflectionPad2d: padding_layer,
    nn.ReplicationPad2d: padding_layer,
    nn.CircularPad2d: padding_layer,
}
