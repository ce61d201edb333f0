"""Activations as layers."""

import math
from typing import Any

from fastconv import nn

from .node import Node, Reading


def plain(layer: Any) -> Reading:
    """The rule for an operator without options."""
    return lambda node: layer()


def leaky_relu(node: Node) -> nn.Module:
    """LeakyRelu."""
    return nn.LeakyReLU(node.take("alpha", 0.01))


def elu(node: Node) -> nn.Module:
    """Elu."""
    return nn.ELU(node.take("alpha", 1.0))


def gelu(node: Node) -> nn.Module:
    """Gelu."""
    return nn.GELU(node.take("approximate", "none"))


def hard_sigmoid(node: Node) -> nn.Module:
    """HardSigmoid with the slope of `nn.Hardsigmoid`."""
    alpha, beta = node.take("alpha", 0.2), node.take("beta", 0.5)
    if not math.isclose(alpha, 1 / 6, rel_tol=1e-6) or beta != 0.5:
        raise node.error(f"alpha and beta must be 1/6 and 1/2, got {alpha} and {beta}")
    return nn.Hardsigmoid()


def clip(node: Node) -> nn.Module:
    """Clip between two constants, of which one or both may be missing."""
    if node.opset < 11:
        low, high = node.take("min", -math.inf), node.take("max", math.inf)
        limits = -3.0e38, 3.0e38  # older files say so where there is none
        low, high = (-math.inf if low < limits[0] else low), (math.inf if high > limits[1] else high)
    else:
        low, high = (
            float(node.constant(i, name).reshape(())) if node.has(i) else default
            for i, name, default in ((1, "min", -math.inf), (2, "max", math.inf))
        )
    if (low, high) == (-math.inf, math.inf):
        return nn.Identity()
    if (low, high) == (0, math.inf):
        return nn.ReLU()
    if (low, high) == (0, 6):
        return nn.ReLU6()
    if not low < high:
        raise node.error(f"min must be less than max, got {low} and {high}")
    return nn.Hardtanh(low, high)


def softmax(layer: Any) -> Reading:
    """Softmax or LogSoftmax; until opset 12, over all axes from one on, which must then be the last."""

    def reading(node: Node) -> Any:
        if node.opset >= 13:
            return layer(node.take("axis", -1))
        axis, rank = node.take("axis", 1), node.rank()
        if axis % rank != rank - 1:
            raise node.error(f"before opset 13, axis must be the last of {rank}, got {axis}")
        return layer(axis)

    return reading


def dropout(node: Node) -> nn.Module:
    """Dropout, which does nothing before the model is trained."""
    if len(node.outputs) > 1:
        raise node.error("the output mask is not supported")
    node.take("seed")
    ratio = node.take("ratio", 0.5)
    if node.has(1):
        ratio = float(node.constant(1, "the ratio").reshape(()))
    if node.has(2) and node.constant(2, "training_mode").any():
        raise node.error("training_mode must be false, the file is one for training")
    if not 0 <= ratio <= 1:
        raise node.error(f"the ratio must be in [0, 1], got {ratio}")
    return nn.Dropout(ratio)


OPERATORS: dict[str, Reading] = {
    "Clip": clip,
    "Dropout": dropout,
    "Elu": elu,
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": plain(nn.Hardswish),
    "Identity": plain(nn.Identity),
    "LeakyRelu": leaky_relu,
    "LogSoftmax": softmax(nn.LogSoftmax),
    "Relu": plain(nn.ReLU),
    "Sigmoid": plain(nn.Sigmoid),
    "Softmax": softmax(nn.Softmax),
    "Softplus": plain(nn.Softplus),
    "Tanh": plain(nn.Tanh),
}
