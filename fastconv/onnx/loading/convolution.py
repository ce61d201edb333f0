"""Conv, ConvTranspose, Gemm and MatMul as layers."""

from typing import Any

import numpy as np

from fastconv import nn
from fastconv._geometry import Shape

from ..layers import MatMul, Transpose
from .node import Call, Node, Reading, chain
from .padding import Sides, border, explicit_sides

CONV: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d}
TRANSPOSED: dict[int, Any] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d}


def _kernel(node: Node) -> tuple[nn.Parameter, nn.Parameter | None, Shape]:
    """Weight, bias, and the size of the kernel."""
    weight = node.parameter(1, "the weight")
    bias = node.parameter(2, "the bias") if node.has(2) else None
    size = weight.shape[2:]
    if len(size) not in (1, 2):
        raise node.error(f"it must have one or two axes, got a weight of shape {weight.shape}")
    declared = node.numbers("kernel_shape", len(size), 0) if node.has_attribute("kernel_shape") else size
    if declared != size:
        raise node.error(f"kernel_shape must be that of the weight, {size}, got {declared}")
    return weight, bias, size


def _filled(layer: Any, weight: nn.Parameter, bias: nn.Parameter | None, node: Node) -> nn.Module:
    """A layer with these parameters in the place of those that it was made with."""
    if layer.weight.shape != weight.shape:
        raise node.error(f"the weight must have shape {layer.weight.shape}, got {weight.shape}")
    if bias is not None and bias.shape != (layer.out_channels,):
        raise node.error(f"the bias must have shape {(layer.out_channels,)}, got {bias.shape}")
    layer.weight, layer.bias = weight, bias
    return layer  # type: ignore[no-any-return]


def conv(node: Node) -> nn.Module:
    """Conv: with padding of its own where it is alike on both sides, or of images."""
    weight, bias, size = _kernel(node)
    axes = len(size)
    strides, dilations = node.numbers("strides", axes, 1), node.numbers("dilations", axes, 1)
    groups = node.take("group", 1)
    sides = explicit_sides(node, size, strides, dilations)
    before = None
    padding: Any = sides if axes == 2 else sides[0][0]
    if axes == 1 and sides[0][0] != sides[0][1]:
        before, padding = border(sides, 3), 0
    channels = (weight.shape[1] * groups, weight.shape[0])
    layer = CONV[axes](*channels, size, strides, padding, dilations, groups, bias is not None, rng=0)
    return chain(before, _filled(layer, weight, bias, node))


def _cut(node: Node, size: Shape, strides: Shape, dilations: Shape, more: list[int]) -> Sides:
    """What is cut off the result of ConvTranspose; where that is less than nothing, ``more`` grows."""
    axes = len(size)
    wanted, word = node.take("output_shape"), node.take("auto_pad", "NOTSET")
    pads = node.take("pads", [0] * (2 * axes))
    if wanted is None and not word.startswith("SAME"):
        return list(zip(pads[:axes], pads[axes:], strict=True))
    spans = [spread * (taps - 1) + 1 for spread, taps in zip(dilations, size, strict=True)]
    if wanted is None:  # as many strides as the input has pixels
        extra = [span + add - step for span, add, step in zip(spans, more, strides, strict=True)]
    else:
        lengths = zip(node.sizes(axes), strides, spans, more, wanted[-axes:], strict=True)
        extra = [(n - 1) * step + span + add - want for n, step, span, add, want in lengths]
    more[:] = [add + max(-amount, 0) for add, amount in zip(more, extra, strict=True)]
    halves = [(max(amount, 0) // 2, (max(amount, 0) + 1) // 2) for amount in extra]
    return halves if word == "SAME_UPPER" else [half[::-1] for half in halves]


def conv_transpose(node: Node) -> nn.Module:
    """ConvTranspose; where its padding is not alike on both sides, the whole result, cropped."""
    weight, bias, size = _kernel(node)
    axes = len(size)
    strides, dilations = node.numbers("strides", axes, 1), node.numbers("dilations", axes, 1)
    more = list(node.numbers("output_padding", axes, 0))
    groups = node.take("group", 1)
    sides = _cut(node, size, strides, dilations, more)
    even = all(0 <= before == behind for before, behind in sides)
    channels = (weight.shape[0], weight.shape[1] * groups)
    padding = tuple(before for before, _ in sides) if even else 0
    layer = TRANSPOSED[axes](*channels, size, strides, padding, tuple(more), groups, bias is not None, dilations, rng=0)
    crop = None if even else border([(-before, -behind) for before, behind in sides], axes + 2)
    return chain(_filled(layer, weight, bias, node), crop)


def _linear(node: Node, weight: nn.Parameter, bias: nn.Parameter | None) -> nn.Module:
    if weight.ndim != 2:
        raise node.error(f"the weight must be a matrix, got shape {weight.shape}")
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, rng=0)
    layer.weight, layer.bias = weight, bias
    return layer


def gemm(node: Node) -> nn.Module:
    """Gemm of one input with constants: a linear layer."""
    alpha, beta = node.take("alpha", 1.0), node.take("beta", 1.0)
    weight = node.parameter(1, "the matrix B", transposed=not node.take("transB", 0))
    if weight.ndim != 2:
        raise node.error(f"the matrix B must be a matrix, got shape {weight.shape}")
    if alpha != 1:
        weight = nn.Parameter(weight.data * weight.dtype.type(alpha))
    bias = None
    if node.has(2):
        bias, outputs = node.parameter(2, "the array C"), weight.shape[0]
        if bias.shape not in ((), (1,), (outputs,), (1, 1), (1, outputs)):
            raise node.error(f"the array C must be one row of {outputs} numbers, got shape {bias.shape}")
        if beta != 1 or bias.shape != (outputs,):
            row = np.broadcast_to(bias.data.reshape(-1), (outputs,)) * bias.dtype.type(beta)
            bias = nn.Parameter(np.array(row))
    before = Transpose((1, 0)) if node.take("transA", 0) else None
    return chain(before, _linear(node, weight, bias))


def mat_mul(node: Node) -> Any:
    """MatMul: a linear layer where one side is a constant matrix, else the product of two values."""
    second = node.values.constant(node.inputs[1])
    if second is not None and second.ndim == 2:
        return _linear(node, node.parameter(1, "the matrix", transposed=True), None)
    if not all(map(node.values.is_input, node.inputs)):
        raise node.error("a constant must be the second of its inputs, and a matrix")
    if any(len(shape) < 2 for shape in map(node.shape, (0, 1)) if shape is not None):
        raise node.error("both inputs must have two axes or more")
    return Call(MatMul(), node.inputs)


OPERATORS: dict[str, Reading] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Gemm": gemm,
    "MatMul": mat_mul,
}
