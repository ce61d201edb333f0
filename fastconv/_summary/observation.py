"""Which layers a forward pass calls, and with what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import Shape
from fastconv.nn import Module

# The mode of a module, and what it keeps of its last pass.
STATE = ("training", "_saved", "_saved_in", "_saved_often")

Shapes = Shape | tuple[Any, ...] | None
"""The shape of an array, the shapes of several, or nothing."""


class Call(NamedTuple):
    """One call of one module."""

    module: Module
    depth: int
    leaf: bool
    """Whether it called no other module."""
    input: Shapes
    output: Shapes
    bytes: int
    """Memory that the output took, beyond what was there."""


def shapes(value: Any) -> Shapes:
    """The shape of an array, or of each array of several."""
    if isinstance(value, list | tuple):
        return tuple(shapes(item) for item in value)
    return tuple(np.shape(value)) if hasattr(value, "shape") else None


def _arrays(value: Any) -> Iterator[Array]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)


def _owner(array: Array) -> Array:
    """The array whose memory this one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@contextmanager
def replaced(model: Module, method: str, wrap: Callable[[Module, Any], Any]) -> Iterator[None]:
    """Put ``wrap(module, method)`` in the place of a method of every module, for the time of a ``with`` block."""
    modules = list(model.modules())
    before = [vars(module).get(method) for module in modules]
    try:
        for module in modules:
            vars(module)[method] = wrap(module, getattr(module, method))
        yield
    finally:
        for module, own in zip(modules, before, strict=True):
            vars(module).pop(method, None)
            if own is not None:
                vars(module)[method] = own


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Set eval mode for the time of a ``with`` block; unlike `Module.eval`, keep what ``backward`` needs."""
    before = [(module, {key: vars(module)[key] for key in STATE if key in vars(module)}) for module in model.modules()]
    try:
        for module, _ in before:
            module.training = False
        yield
    finally:
        for module, state in before:
            vars(module).update(state)


def observe(model: Module, input: Array) -> list[Call]:
    """The calls of one forward pass in eval mode, each before those that it makes; the model is left as it was."""
    calls: list[Call] = []
    owners: dict[int, Array] = {id(input): input}  # kept alive, so that no two have one id
    depth = 0

    def wrap(module: Module, forward: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            place = len(calls)
            given = shapes(args[0]) if len(args) == 1 else shapes(args)
            calls.append(Call(module, depth, True, given, None, 0))
            depth += 1
            try:
                output = forward(*args, **kwargs)
            finally:
                depth -= 1
            new = {id(owner): owner for owner in map(_owner, _arrays(output)) if id(owner) not in owners}
            owners.update(new)
            size = sum(array.nbytes for array in new.values())
            calls[place] = Call(module, depth, len(calls) == place + 1, given, shapes(output), size)
            return output

        return watched

    with evaluating(model), replaced(model, "forward", wrap):
        model(input)
    return calls
