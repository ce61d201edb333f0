"""Modules one after the other: the passes that `Sequential` and modules with named parts have in common."""

from collections.abc import Sequence
from typing import Literal, overload

from fastconv._arrays import Array

from .module import Module


def forward(modules: Sequence[Module], input: Array) -> Array:
    """The output of the last module; the input itself where there is none."""
    for module in modules:
        input = module(input)
    return input


@overload
def backward(modules: Sequence[Module], grad_output: Array, input_grad: Literal[True]) -> Array: ...
@overload
def backward(modules: Sequence[Module], grad_output: Array, input_grad: bool) -> Array | None: ...
def backward(modules: Sequence[Module], grad_output: Array, input_grad: bool) -> Array | None:
    """Run every ``backward``, the last module first, and return the gradient of the input.

    With ``input_grad=False`` the first module that is trained need not compute the gradient of its input, those before
    it are left out, and None is returned.
    """
    if not input_grad:
        first = next((i for i, module in enumerate(modules) if module._is_trained()), None)
        if first is None:
            return None
        for module in reversed(modules[first + 1 :]):
            grad_output = module.backward(grad_output)
        modules[first].backward(grad_output, input_grad=False)
        return None
    for module in reversed(modules):
        grad_output = module.backward(grad_output)
    return grad_output
