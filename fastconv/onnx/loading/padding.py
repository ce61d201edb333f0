"""Pad, and the padding of convolutions and pooling."""

from collections.abc import Sequence
from math import inf
from typing import Any

from fastconv import nn
from fastconv._geometry import Shape

from ..layers import Pad
from .node import Node, Reading

Sides = list[tuple[int, int]]

MODES: dict[str, Any] = {"reflect": nn.ReflectionPad2d, "edge": nn.ReplicationPad2d, "wrap": nn.CircularPad2d}


def explicit_sides(node: Node, kernel: Shape, strides: Shape, dilations: Shape) -> Sides:
    """What attributes say of the padding before and behind each axis; SAME with strides needs the size of the input."""
    axes = len(kernel)
    word, pads = node.take("auto_pad", "NOTSET"), node.take("pads")
    if word == "NOTSET":
        pads = [0] * (2 * axes) if pads is None else list(pads)
        if len(pads) != 2 * axes or min(pads) < 0:
            raise node.error(f"pads must be {2 * axes} numbers >= 0, got {pads}")
        return list(zip(pads[:axes], pads[axes:], strict=True))
    if word == "VALID":
        return [(0, 0)] * axes
    if word not in ("SAME_UPPER", "SAME_LOWER"):
        raise node.error(f"auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got {word!r}")
    sizes = strides if set(strides) == {1} else node.sizes(axes)  # with stride 1, any size gives the same
    sides = []
    for size, taps, step, spread in zip(sizes, kernel, strides, dilations, strict=True):
        total = max((-(-size // step) - 1) * step + spread * (taps - 1) + 1 - size, 0)
        small = total // 2
        sides.append((small, total - small) if word == "SAME_UPPER" else (total - small, small))
    return sides


def border(sides: Sequence[tuple[int, int]], rank: int, value: float = 0.0) -> nn.Module:
    """A layer that pads the last axes of arrays with so many axes."""
    if len(sides) == 2 or (len(sides) == 1 and rank >= 2):
        (top, bottom), (left, right) = sides if len(sides) == 2 else ((0, 0), sides[0])
        amounts = (left, right, top, bottom)
        return nn.ConstantPad2d(amounts, value) if value else nn.ZeroPad2d(amounts)
    return Pad([(0, 0)] * (rank - len(sides)) + list(sides), value)


def pad(node: Node) -> nn.Module:
    """Pad along any axes with one value, or of images in another mode."""
    mode = node.take("mode", "constant")
    if node.opset < 11:
        pads, value = list(node.take("pads", ())), node.take("value", 0.0)
    else:
        pads = node.constant(1, "the padding").tolist()
        value = float(node.constant(2, "the value").reshape(())) if node.has(2) else 0.0
    rank = len(pads) // 2
    if node.has(3):
        rank, axes = node.rank(), node.constant(3, "the axes").tolist()
        sides: Sides = [(0, 0)] * rank
        for axis, before, behind in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
            sides[axis] = (before, behind)
    else:
        sides = list(zip(pads[:rank], pads[rank:], strict=True))
    others = any(side != (0, 0) for side in sides[:-2])
    if mode == "constant":
        return Pad(sides, value) if others or rank < 2 else border(sides[-2:], rank, value)
    if mode not in MODES or others or rank < 2:
        raise node.error(f"mode {mode!r} is supported along the last two axes only, got padding {sides}")
    (top, bottom), (left, right) = sides[-2:]
    return MODES[mode]((left, right, top, bottom))  # type: ignore[no-any-return]


NOTHING = -inf
"""What pads images for a maximum."""

OPERATORS: dict[str, Reading] = {"Pad": pad}
