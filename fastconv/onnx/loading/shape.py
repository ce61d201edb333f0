"""Operators that leave numbers as they are, as layers."""

from typing import Any

from fastconv import nn

from ..layers import Matrix, Reshape, Squeeze, Transpose, Unsqueeze
from .node import Node, Reading


def flatten(node: Node) -> nn.Module:
    """Flatten."""
    axis = node.take("axis", 1)
    shape = node.shape()
    if axis < 0 and shape is not None:
        axis += len(shape)
    return nn.Flatten() if axis == 1 and (shape is None or len(shape) > 1) else Matrix(axis)


def reshape(node: Node) -> nn.Module:
    """Reshape; to rows as many as before, it is `nn.Flatten`."""
    sizes = node.values.sizes(node.inputs[1])
    if sizes is None:
        raise node.error(f"the shape, {node.inputs[1]!r}, must be a constant, or made of sizes of values")
    shape, rank = node.shape(), len(sizes)
    for axis, size in enumerate(sizes):
        if not isinstance(size, int) and (shape is None or axis >= len(shape) or shape[axis] != size):
            raise node.error(f"size {axis} of the result must be known, or that of the input, got {size}")
    if node.take("allowzero", 0) and 0 in sizes:
        raise node.error("allowzero with a size of 0 is not supported")
    numbers = [size if isinstance(size, int) else 0 for size in sizes]
    if rank == 2 and shape is not None and len(shape) > 1:
        rows, columns, before = numbers[0], numbers[1], node.elements(1)
        if (rows in (0, shape[0]) and columns in (-1, before)) or (rows == -1 and columns > 0 and columns == before):
            return nn.Flatten()
    return Reshape(numbers)


def transpose(node: Node) -> nn.Module:
    """Transpose."""
    perm = node.take("perm")
    return Transpose(range(node.rank())[::-1] if perm is None else perm)


def _axes(layer: Any) -> Reading:
    def reading(node: Node) -> Any:
        axes = node.take("axes")
        if axes is None:
            if not node.has(1):
                raise node.error("its axes must be given")
            axes = node.constant(1, "the axes").tolist()
        return layer(axes)

    return reading


def cast(node: Node) -> nn.Module:
    """Cast to the type that the input has."""
    wanted, found = node.take("to"), node.values.type(node.inputs[0])
    node.take("saturate")
    node.take("round_mode")
    if wanted != found:
        raise node.error("a type must stay as it is: float32 and float64 are not converted")
    return nn.Identity()


def resize(node: Node) -> nn.Module:
    """Resize that repeats rows and columns of images a whole number of times."""
    node.only("mode", "nearest")
    where = node.take("coordinate_transformation_mode", "half_pixel")
    rounding = node.take("nearest_mode", "round_prefer_floor")
    for name in ("antialias", "cubic_coeff_a", "exclude_outside", "extrapolation_value", "keep_aspect_ratio_policy"):
        node.take(name)  # of other modes, and of sizes
    # With these, pixel x of the result is pixel floor(x / scale).
    if (where, rounding.partition("_prefer_")[0]) not in (("asymmetric", "floor"), ("half_pixel", "round")):
        raise node.error(f"pixels must be repeated, got coordinates {where!r} and rounding {rounding!r}")
    if not node.has(2):
        raise node.error("its scales must be given")
    scales = node.constant(2, "the scales").tolist()
    if len(scales) != 4 or scales[:2] != [1, 1] or any(scale < 1 or scale % 1 for scale in scales):
        raise node.error(f"scales must be 1, 1 and two whole numbers, got {scales}")
    return nn.Upsample((int(scales[2]), int(scales[3])))


OPERATORS: dict[str, Reading] = {
    "Cast": cast,
    "Flatten": flatten,
    "Reshape": reshape,
    "Resize": resize,
    "Squeeze": _axes(Squeeze),
    "Transpose": transpose,
    "Unsqueeze": _axes(Unsqueeze),
}
