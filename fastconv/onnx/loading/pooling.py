"""Pooling as layers."""

from typing import Any

from fastconv import nn

from ..layers import BorderedAvgPool2d, Mean
from .node import Node, Reading, chain
from .padding import NOTHING, Sides, border, explicit_sides


def _axes(node: Node) -> tuple[int, ...]:
    """The kernel."""
    kernel = tuple(node.take("kernel_shape", ()))
    if len(kernel) not in (1, 2):
        raise node.error(f"it must have one or two axes, got kernel_shape {list(kernel)}")
    return kernel


def _same(sides: Sides, kernel: tuple[int, ...], dilations: tuple[int, ...]) -> tuple[int, ...] | None:
    """The padding, if a layer can have it: alike on both sides, and at most half the kernel."""
    spans = [spread * (taps - 1) + 1 for taps, spread in zip(kernel, dilations, strict=True)]
    fits = all(before == behind <= span // 2 for (before, behind), span in zip(sides, spans, strict=True))
    return tuple(before for before, _ in sides) if fits else None


def _ceil(node: Node, padding: Any) -> bool:
    """Whether windows may reach over the end, which goes with padding that a layer has itself."""
    ceil_mode = bool(node.take("ceil_mode", 0))
    if ceil_mode and padding is None:
        raise node.error("ceil_mode with pads that differ, or of more than half the kernel, is not supported")
    return ceil_mode


def max_pool(node: Node) -> nn.Module:
    """MaxPool; padding that the layer cannot have is a layer before it."""
    if len(node.outputs) > 1:
        raise node.error("the output Indices is not supported")
    node.take("storage_order")  # of the indices
    kernel = _axes(node)
    strides, dilations = node.numbers("strides", len(kernel), 1), node.numbers("dilations", len(kernel), 1)
    sides = explicit_sides(node, kernel, strides, dilations)
    padding = _same(sides, kernel, dilations)
    before = border(sides, len(kernel) + 2, NOTHING) if padding is None else None
    ceil_mode = _ceil(node, padding)
    if len(kernel) == 1:
        one = (kernel[0], strides[0], padding[0] if padding else 0, dilations[0])
        return chain(before, nn.MaxPool1d(*one, False, ceil_mode))
    options: Any = (kernel, strides, padding or 0, dilations, False, ceil_mode)
    return chain(before, nn.MaxPool2d(*options))


def average_pool(node: Node) -> nn.Module:
    """AveragePool; a layer of its own where the padding is not one that `AvgPool2d` can have."""
    kernel = _axes(node)
    axes = len(kernel)
    once = (1,) * axes
    strides, dilations = node.numbers("strides", axes, 1), node.numbers("dilations", axes, 1)
    if dilations != once:
        raise node.error(f"dilations must be 1, got {list(dilations)}")
    sides = explicit_sides(node, kernel, strides, dilations)
    counts = bool(node.take("count_include_pad", 0))
    padding = _same(sides, kernel, dilations)
    ceil_mode = _ceil(node, padding)
    if padding is None and axes == 2:
        return BorderedAvgPool2d(kernel, strides, tuple(sides), counts)  # type: ignore[arg-type]
    if padding is None:
        raise node.error("pads of signals that differ, or of more than half the kernel, are not supported")
    if axes == 1:
        return nn.AvgPool1d(kernel[0], strides[0], padding[0], ceil_mode, counts)
    options: Any = (kernel, strides, padding, ceil_mode, counts)
    return nn.AvgPool2d(*options)


def global_average_pool(node: Node) -> nn.Module:
    """GlobalAveragePool."""
    rank = node.rank()
    return nn.AdaptiveAvgPool2d(1) if rank == 4 else Mean(range(2, rank), True)


def global_max_pool(node: Node) -> nn.Module:
    """GlobalMaxPool of images."""
    if node.rank() != 4:
        raise node.error(f"its input must have 4 axes, got {node.rank()}")
    return nn.AdaptiveMaxPool2d(1)


def reduce_mean(node: Node) -> nn.Module:
    """ReduceMean, which some programs write for global average pooling."""
    keepdims = bool(node.take("keepdims", 1))
    axes = node.take("axes")
    if axes is None and node.has(1):
        axes = node.constant(1, "the axes").tolist()
    if not axes:
        if node.take("noop_with_empty_axes", 0):
            return nn.Identity()
        axes = range(node.rank())
    node.take("noop_with_empty_axes")
    shape = node.shape()
    rank = None if shape is None else len(shape)
    if rank == 4 and keepdims and {axis % 4 for axis in axes} == {2, 3}:
        return nn.AdaptiveAvgPool2d(1)
    return Mean(axes, keepdims)


OPERATORS: dict[str, Reading] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
    "ReduceMean": reduce_mean,
}
