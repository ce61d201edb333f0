"""Sums, differences, products and quotients, with constants and of values."""

from typing import Any

import numpy as np

from fastconv import nn
from fastconv._arrays import Array

from ..layers import Add, Affine, Join, Multiply
from .node import Call, Node, Reading


def _operands(node: Node) -> tuple[str, Array | None, bool]:
    """The value that a node changes, the constant that it does so with, and whether the constant comes first."""
    first, second = (None if node.values.is_input(name) else node.values.constant(name) for name in node.inputs)
    if first is None:
        return node.inputs[0], second, False
    if second is None:
        return node.inputs[1], first, True
    raise node.error("an input must be a value that is computed")


def _real(node: Node, array: Array) -> Array:
    if array.dtype.kind != "f":
        raise node.error(f"its constant must be float32 or float64, got {array.dtype}")
    return np.array(array)


def add(node: Node) -> Call:
    """Add."""
    value, constant, _ = _operands(node)
    if constant is None:
        return Call(Add(), node.inputs)
    return Call(Affine(shift=_real(node, constant)), [value])


def subtract(node: Node) -> Call:
    """Sub with a constant on either side."""
    value, constant, first = _operands(node)
    if constant is None:
        raise node.error("one of its inputs must be a constant")
    numbers = _real(node, constant)
    if first:
        return Call(Affine(np.array(-1, numbers.dtype), numbers), [value])
    return Call(Affine(shift=np.asarray(-numbers)), [value])


def multiply(node: Node) -> Call:
    """Mul."""
    value, constant, _ = _operands(node)
    if constant is None:
        return Call(Multiply(), node.inputs)
    return Call(Affine(_real(node, constant)), [value])


def divide(node: Node) -> Call:
    """Div by a constant."""
    value, constant, first = _operands(node)
    if constant is None or first:
        raise node.error("its divisor must be a constant, and that alone")
    with np.errstate(divide="ignore"):
        return Call(Affine(np.asarray(1 / _real(node, constant))), [value])


def scaler(node: Node) -> Call:
    """Scaler of ai.onnx.ml: the input less an offset, times a scale."""
    offset, scale = (
        np.array(node.take(name, default), np.float32) for name, default in (("offset", [0]), ("scale", [1]))
    )
    return Call(Affine(scale, np.asarray(-offset * scale)), node.inputs[:1])


def concat(node: Node) -> Call:
    """Concat of values."""
    axis = node.take("axis")
    for name in node.inputs:
        if not node.values.is_input(name) and node.values.constant(name) is not None:
            raise node.error(f"its inputs must be values that are computed, but {name!r} is a constant")
    shape = node.shape()
    return Call(Join(axis + len(shape) if axis < 0 and shape is not None else axis), node.inputs)


OPERATORS: dict[str, Reading] = {
    "Add": add,
    "Concat": concat,
    "Div": divide,
    "Mul": multiply,
    "Sub": subtract,
    "ai.onnx.ml.Scaler": scaler,
}


def merged(layer: Any, addend: nn.Module) -> bool:
    """Make a constant that is added behind a layer its bias, if that is what it is."""
    if not isinstance(addend, Affine) or addend.scale is not None or addend.shift is None:
        return False
    axes = len(layer.kernel_size) if isinstance(layer, nn.Conv1d | nn.Conv2d) else 0
    if not isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d) or layer.bias is not None:
        return False
    outputs, shift = layer.weight.shape[0], np.asarray(addend.shift)
    each = (outputs, *[1] * axes)
    if shift.shape not in (each, (1, *each)):
        return False
    layer.bias = nn.Parameter(shift.reshape(outputs))
    return True
