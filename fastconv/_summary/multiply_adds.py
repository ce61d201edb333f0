"""How many multiplications, each with an addition, a layer makes in its forward pass."""

from collections.abc import Callable
from math import prod

from fastconv._geometry import Shape
from fastconv.nn import Module
from fastconv.nn.parameter import Parameter

Rule = Callable[[Shape, Shape, Shape], int]


def _per_output(weight: Shape, input: Shape, output: Shape) -> int:
    """Each output is a sum over all of a weight but its first axis."""
    return prod(output) * prod(weight[1:])


def _per_input(weight: Shape, input: Shape, output: Shape) -> int:
    """Each input is added, weighted, into all of a weight but its first axis."""
    return prod(input) * prod(weight[1:])


def _per_element(weight: Shape, input: Shape, output: Shape) -> int:
    """Each element is scaled and shifted."""
    return prod(output)


# By the names of classes, so that a subclass counts as its base. A layer that is in no row makes none: pooling compares
# or adds, activations are functions of one number. Padding counts: kernels multiply zeros or skip them as they like.
RULES: dict[str, Rule] = {
    "Conv1d": _per_output,
    "Conv2d": _per_output,
    "Linear": _per_output,
    "ConvTranspose1d": _per_input,
    "ConvTranspose2d": _per_input,
    "BatchNorm1d": _per_element,
    "BatchNorm2d": _per_element,
    "GroupNorm": _per_element,
    "LayerNorm": _per_element,
}


def multiply_adds(module: Module, input: Shape, output: Shape) -> int:
    """Multiply-adds of one call.

    A layer of one's own may define ``multiply_adds(input_shape, output_shape) -> int``; the others follow `RULES`.

    Examples
    --------
    >>> from fastconv import nn
    >>> multiply_adds(nn.Conv2d(3, 8, 5), (1, 3, 32, 32), (1, 8, 28, 28))
    470400
    """
    own = getattr(module, "multiply_adds", None)
    if callable(own):
        return int(own(input, output))
    rule = next((RULES[kind.__name__] for kind in type(module).__mro__ if kind.__name__ in RULES), None)
    if rule is None:
        return 0
    weight = getattr(module, "weight", None)
    return rule(weight.shape if isinstance(weight, Parameter) else (), input, output)
