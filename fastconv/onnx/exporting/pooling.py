"""Pooling as ONNX nodes.

Sizes of images are known, so windows that reach over the end (`ceil_mode`) become padding that is written down:
programs that run ONNX differ in what they make of its own ``ceil_mode``.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from fastconv import nn
from fastconv._geometry import Shape

from .graph import Graph, Layer, Value
from .padding import pad


class Window(NamedTuple):
    """Of one axis: its size, windows on it, and how they lie."""

    size: int
    windows: int
    taps: int
    step: int
    before: int
    spread: int

    @property
    def behind(self) -> int:
        """Padding at the end that gives as many windows."""
        return max((self.windows - 1) * self.step + self.spread * (self.taps - 1) + 1 - self.size - self.before, 0)


def windows(module: Any, x: Value, shape: Shape) -> list[Window]:
    """Those of a pooling layer, axis by axis."""
    axes = 2 if isinstance(module, nn.MaxPool2d | nn.AvgPool2d) else 1
    sizes = (module.kernel_size, module.stride, module.padding, getattr(module, "dilation", 1))
    taps, step, before, spread = (_each(size, axes) for size in sizes)
    lengths = zip(x.shape[-axes:], shape[-axes:], taps, step, before, spread, strict=True)
    return [Window(*of) for of in lengths]


def _each(value: Any, axes: int) -> tuple[int, ...]:
    """An int for each axis, as a layer keeps its argument."""
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    return tuple(int(number) for number in (values * axes if len(values) == 1 else values))


def _options(lengths: list[Window], padded: bool = True) -> dict[str, Any]:
    pads = [w.before for w in lengths] + [w.behind for w in lengths]
    options = {"kernel_shape": [w.taps for w in lengths], "strides": [w.step for w in lengths]}
    return options | ({"pads": pads} if padded else {})


def max_pool(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """MaxPool; where the padding is not smaller than the kernel, which onnxruntime refuses, behind a Pad."""
    _without_indices(graph, module)
    lengths = windows(module, x, shape)
    dilations = [w.spread for w in lengths]
    if all(max(w.before, w.behind) < w.taps for w in lengths):
        return graph.node("MaxPool", x.name, **_options(lengths), dilations=dilations)
    padded = pad(graph, module, x, [(w.before, w.behind) for w in lengths], "constant", -np.inf)
    return graph.node("MaxPool", padded, **_options(lengths, padded=False), dilations=dilations)


def _without_indices(graph: Graph, module: Any) -> None:
    if module.return_indices:
        raise graph.unsupported(module, "return_indices=True is not supported")


def avg_pool(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """AveragePool, times a map of factors where the divisor is not one of those that ONNX has."""
    lengths = windows(module, x, shape)
    divisor = getattr(module, "divisor_override", None)
    reaches_over = any(w.behind > w.before for w in lengths)
    if divisor is None and not (module.count_include_pad and reaches_over):
        return graph.node("AveragePool", x.name, **_options(lengths), count_include_pad=int(module.count_include_pad))
    taps = prod(w.taps for w in lengths)
    mean = graph.node("AveragePool", x.name, **_options(lengths), count_include_pad=1)
    if divisor is not None:
        return graph.node("Mul", mean, graph.array("factor", taps / divisor))
    areas: Any = 1
    for w in lengths:  # taps of each window that lie on the image or its own padding
        start = np.arange(w.windows) * w.step - w.before
        areas = np.multiply.outer(areas, np.minimum(start + w.taps, w.size + w.before) - start)
    return graph.node("Mul", mean, graph.array("factors", taps / areas))


def adaptive_pool(name: str) -> Layer:
    """Global pooling, pooling with windows side by side, or bins one by one; `name` is Average or Max."""

    def layer(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
        if name == "Max":
            _without_indices(graph, module)
        sizes, counts = x.shape[-2:], shape[-2:]
        if counts == (1, 1) and len(x.shape) == 4:
            return graph.node(f"Global{name}Pool", x.name)
        if len(x.shape) == 4 and all(size % count == 0 for size, count in zip(sizes, counts, strict=True)):
            step = [size // count for size, count in zip(sizes, counts, strict=True)]
            return graph.node(f"{name}Pool", x.name, kernel_shape=step, strides=step)
        result = x.name
        for axis, size, count in zip((-2, -1), sizes, counts, strict=True):
            result = _bins(graph, "ReduceMean" if name == "Average" else "ReduceMax", result, axis, size, count)
        return result

    return layer


def _bins(graph: Graph, operator: str, x: str, axis: int, size: int, count: int) -> str:
    """One axis in bins, which overlap where the numbers do not divide each other."""
    axes = graph.integers("axis", [axis])
    parts = []
    for i in range(count):
        start, stop = i * size // count, -(-(i + 1) * size // count)
        piece = graph.node("Slice", x, graph.integers("start", [start]), graph.integers("stop", [stop]), axes)
        if graph.opset >= 18:
            parts.append(graph.node(operator, piece, axes, keepdims=1))
        else:
            parts.append(graph.node(operator, piece, axes=[axis], keepdims=1))
    return graph.node("Concat", *parts, axis=axis)


LAYERS: dict[type[nn.Module], Layer] = {
    nn.MaxPool1d: max_pool,
    nn.MaxPool2d: max_pool,
    nn.AvgPool1d: avg_pool,
    nn.AvgPool2d: avg_pool,
    nn.AdaptiveAvgPool2d: adaptive_pool("Average"),
    nn.AdaptiveMaxPool2d: adaptive_pool("Max"),
}
