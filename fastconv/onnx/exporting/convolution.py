"""Convolutions and linear layers as ONNX nodes."""

from typing import Any

from fastconv import nn
from fastconv._geometry import Shape, Sides, conv2d_padding

from .graph import Graph, Layer, Value
from .padding import MODES, pad


def image_sides(module: Any, size: Shape) -> Sides:
    """The padding of a layer of convolution for images of this size; a signal is an image of one row."""
    axes = len(module.kernel_size)
    if module.transposed or not isinstance(module.padding, str):
        padding = module.padding if axes == 2 else module.padding[0]
        return conv2d_padding("export", padding, (1, 1), (1, 1), (1, 1), (1, 1), axes)
    lengths = (size, module.kernel_size, module.stride, module.dilation)
    pairs: list[Any] = [(1,) * (2 - axes) + tuple(length) for length in lengths]
    return conv2d_padding("export", module.padding, pairs[0], pairs[1], pairs[2], pairs[3], axes)


def convolution(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Conv, behind a Pad where the border is not of zeros."""
    axes = module.axes
    sides = image_sides(module, x.shape[-axes:])[-axes:]
    name = x.name
    if module.padding_mode != "zeros":
        name = pad(graph, module, x, sides, MODES[module.padding_mode])
        sides = ((0, 0),) * axes
    return graph.node("Conv", *_operands(graph, module, name), **_options(module, sides))


def transposed_convolution(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """ConvTranspose."""
    sides = image_sides(module, x.shape[-module.axes :])[-module.axes :]
    more = {"output_padding": list(module.output_padding)} if any(module.output_padding) else {}
    return graph.node("ConvTranspose", *_operands(graph, module, x.name), **_options(module, sides), **more)


def _operands(graph: Graph, module: Any, input: str) -> list[str]:
    names = [input, graph.parameter("weight", module.weight), graph.parameter("bias", module.bias)]
    return [name for name in names if name]


def _options(module: Any, sides: Any) -> dict[str, Any]:
    return {
        "kernel_shape": list(module.kernel_size),
        "strides": list(module.stride),
        "dilations": list(module.dilation),
        "pads": [side[0] for side in sides] + [side[1] for side in sides],
        "group": module.groups,
    }


def linear(graph: Graph, module: Any, x: Value, shape: Shape) -> str:
    """Gemm for a batch of vectors; MatMul and Add for more axes."""
    if len(x.shape) == 2:
        return graph.node("Gemm", *_operands(graph, module, x.name), transB=1)
    product = graph.node("MatMul", x.name, graph.parameter("weight", module.weight, transposed=True))
    return product if module.bias is None else graph.node("Add", product, graph.parameter("bias", module.bias))


LAYERS: dict[type[nn.Module], Layer] = {
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.ConvTranspose1d: transposed_convolution,
    nn.ConvTranspose2d: transposed_convolution,
    nn.Linear: linear,
}
