"""Layers that leave numbers as they are, as ONNX nodes."""

from typing import Any

from fastconv import nn
from fastconv._geometry import Shape

from .graph import Graph, Layer, Value


def flatten(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Flatten, or Reshape where it does not end in a matrix."""
    axes = len(x.shape)
    first, last = module.start_dim % axes, module.end_dim % axes
    if first == 1 and last == axes - 1:
        return graph.node("Flatten", x.name, axis=1)
    return _reshape(graph, x, [-1, *shape[1:]] if first == 0 and last else [0, *shape[1:]])


def unflatten(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Reshape."""
    if module.dim % len(x.shape):
        return _reshape(graph, x, [0, *shape[1:]])
    return _reshape(graph, x, list(module.unflattened_size) + list(x.shape[1:]))


def _reshape(graph: Graph, x: Value, sizes: list[int]) -> str:
    """Reshape; a leading 0 is the batch, whatever its size."""
    return graph.node("Reshape", x.name, graph.integers("shape", sizes))


def upsample(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Resize that repeats rows and columns."""
    scales = graph.array("scales", (1, 1, *module.factors), "float32")
    return graph.node(
        "Resize", x.name, "", scales, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"
    )


def dropout(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Dropout, which does nothing unless a program trains the graph; its rate must be under 1."""
    if module.p == 1:
        return identity(graph, module, x, shape)
    return graph.node("Dropout", x.name, graph.array("ratio", module.p, "float32"))


def identity(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Identity."""
    return graph.node("Identity", x.name)


LAYERS: dict[type[nn.Module], Layer] = {
    nn.Flatten: flatten,
    nn.Unflatten: unflatten,
    nn.Upsample: upsample,
    nn.Dropout: dropout,
    nn.Dropout2d: identity,
    nn.Identity: identity,
}
