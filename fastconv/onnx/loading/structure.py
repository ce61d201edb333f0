"""A graph of modules as `Sequential`, `Residual` and `Concat`, if it is one; else as a `Network`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastconv import nn

from ..layers import Add, Join
from ..network import Network, Step
from .arithmetic import merged
from .graph import Item, Values


def arranged(items: list[Item], inputs: Sequence[str], outputs: Sequence[str], values: Values) -> nn.Module:
    """The modules as one."""
    items = _with_biases(items, outputs)
    modules = _nested(items, inputs[0], outputs[0], values) if len(inputs) == len(outputs) == 1 else None
    return _network(items, inputs, outputs) if modules is None else nn.Sequential(*modules)


def _with_biases(items: list[Item], outputs: Sequence[str]) -> list[Item]:
    """Additions of a constant behind a layer that nothing else uses become its bias."""
    uses = Counter([name for item in items for name in item.inputs] + list(outputs))
    result: dict[str, Item] = {}
    for item in items:
        before = result.get(item.inputs[0])
        if before is not None and uses[before.output] == 1 and merged(before.module, item.module):
            del result[before.output]
            item = Item(before.name, before.module, before.inputs, item.output)
        result[item.output] = item
    return list(result.values())


class _Way:
    """Modules from one value to another."""

    def __init__(self, source: str, modules: list[nn.Module]) -> None:
        self.source, self.modules = source, modules

    def module(self) -> nn.Module:
        return self.modules[0] if len(self.modules) == 1 else nn.Sequential(*self.modules)


def _nested(items: list[Item], input: str, output: str, values: Values) -> list[nn.Module] | None:
    """The modules from the input to the output, where ways part and meet again in pairs; None if they do otherwise."""
    uses = Counter([name for item in items for name in item.inputs] + [output])
    ways: dict[str, _Way] = {}

    def back(value: str) -> _Way:
        """The way to a value from the last one that is used elsewhere too."""
        modules: list[nn.Module] = []
        while value in ways and uses[value] == 1:
            modules[:0] = ways[value].modules
            value = ways[value].source
        return _Way(value, modules)

    for item in items:
        if len(item.inputs) == 1:
            modules = list(item.module) if isinstance(item.module, nn.Sequential) else [item.module]
            ways[item.output] = _Way(item.inputs[0], modules)
            continue
        branches = [back(name) for name in item.inputs]
        source = branches[0].source
        block = _block(item, branches, values)
        if block is None or any(branch.source != source for branch in branches):
            return None
        uses[source] -= len(branches) - 1
        ways[item.output] = _Way(source, [block])
    whole = back(output) if uses[output] == 1 else None
    return whole.modules if whole is not None and whole.source == input else None


def _block(item: Item, branches: list[_Way], values: Values) -> nn.Module | None:
    """The container whose parts are these ways."""
    if isinstance(item.module, Add):
        first, second = branches
        shapes = [values.shape(name) for name in item.inputs]
        if shapes[0] is None or shapes[0] != shapes[1] or None in shapes[0]:  # it may have to be broadcast
            return None
        if not first.modules:
            first, second = second, first
        body = first.module() if first.modules else nn.Identity()
        return nn.Residual(body, second.module() if second.modules else None)
    if isinstance(item.module, Join) and item.module.axis == 1:
        return nn.Concat(*(branch.module() if branch.modules else nn.Identity() for branch in branches))
    return None


def _network(items: list[Item], inputs: Sequence[str], outputs: Sequence[str]) -> nn.Module:
    """The modules under names that are those of their nodes, as far as Python and uniqueness allow."""
    parts: dict[str, nn.Module] = {}
    steps: list[Step] = []
    for item in items:
        name = _part_name(item, parts)
        parts[name] = item.module
        steps.append(Step(name, item.inputs, item.output))
    return Network(parts, steps, inputs, outputs)


def _part_name(item: Item, taken: Any) -> str:
    text = item.name or type(item.module).__name__
    base = "".join(letter if letter.isalnum() else "_" for letter in text).strip("_").lower() or "part"
    name, number = base, 1
    while name in taken or hasattr(Network, name) or name in ("steps", "inputs", "outputs", "training"):
        number += 1
        name = f"{base}_{number}"
    return name
