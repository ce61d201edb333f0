"""A node of a graph, and what a table of operators needs to read it."""

from collections.abc import Callable
from math import prod
from typing import Any

from fastconv import nn
from fastconv._arrays import Array
from fastconv._extras import require
from fastconv._geometry import Shape


class Node:
    """One operation of a file. Attributes are taken from it; one that nobody took is an error.

    Parameters
    ----------
    proto : NodeProto
    values : Values
        What is known of the values that it takes.
    opset : int
        Version of its operator.

    Attributes
    ----------
    operator : str
    inputs, outputs : list of str
        Names of values, without those left out at the end.
    """

    def __init__(self, proto: Any, values: Any, opset: int) -> None:
        helper = require("onnx.helper", "fastconv.onnx", "onnx")
        self.operator, self.opset, self.values = proto.op_type, opset, values
        self.domain = "" if proto.domain == "ai.onnx" else proto.domain
        self.name = proto.name
        self.inputs, self.outputs = _without_end(proto.input), _without_end(proto.output)
        self._attributes = {a.name: a if a.HasField("g") else helper.get_attribute_value(a) for a in proto.attribute}

    def error(self, reason: str) -> ValueError:
        """The error that names this node."""
        name = (
            f"{self.name!r}" if self.name else f"that gives {self.outputs[0]!r}" if self.outputs else "without outputs"
        )
        return ValueError(f"node {name}, {self.operator}: {reason}")

    # ---- attributes

    def take(self, name: str, default: Any = None) -> Any:
        """The value of an attribute, as text where it is bytes."""
        value = self._attributes.pop(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def has_attribute(self, name: str) -> bool:
        """Whether the file gives an attribute."""
        return name in self._attributes

    def only(self, name: str, value: Any) -> None:
        """Refuse an attribute that has another value than this, which is its default."""
        found = self.take(name, value)
        if found != value:
            raise self.error(f"{name} must be {value!r}, got {found!r}")

    def numbers(self, name: str, count: int, default: int) -> Shape:
        """An attribute with an integer for each axis."""
        values = self.take(name)
        if values is None:
            return (default,) * count
        if len(values) != count:
            raise self.error(f"{name} must have {count} numbers, got {list(values)}")
        return tuple(values)

    def finish(self) -> None:
        """Refuse the attributes that were not taken."""
        for name in self._attributes:
            raise self.error(f"attribute {name!r} is not supported")

    # ---- inputs

    def has(self, index: int) -> bool:
        """Whether there is such an input."""
        return len(self.inputs) > index and self.inputs[index] != ""

    def constant(self, index: int, what: str) -> Array:
        """The array that an input is."""
        found = self.values.constant(self.inputs[index])
        if found is None:
            raise self.error(f"{what}, {self.inputs[index]!r}, must be a constant")
        return found  # type: ignore[no-any-return]

    def parameter(self, index: int, what: str, *, transposed: bool = False) -> nn.Parameter:
        """The trained array that an input is: one and the same for all nodes that take it."""
        array = self.constant(index, what)
        if array.dtype.kind != "f":
            raise self.error(f"{what}, {self.inputs[index]!r}, must be float32 or float64, got {array.dtype}")
        return self.values.parameter(self.inputs[index], array, transposed)  # type: ignore[no-any-return]

    def shape(self, index: int = 0) -> list[int | str | None] | None:
        """Sizes of an input as far as they are known: a word for those that may vary."""
        return self.values.shape(self.inputs[index])  # type: ignore[no-any-return]

    def rank(self, index: int = 0) -> int:
        """The number of axes of an input."""
        shape = self.shape(index)
        if shape is None:
            raise self.error(f"the file must say how many axes its input {self.inputs[index]!r} has")
        return len(shape)

    def sizes(self, axes: int) -> Shape:
        """The last sizes of the first input."""
        shape = self.shape()
        known = [] if shape is None else [size for size in shape[-axes:] if isinstance(size, int)]
        if len(known) != axes:
            raise self.error(f"the file must say how large its input {self.inputs[0]!r} is")
        return tuple(known)

    def elements(self, start: int) -> int | None:
        """How many elements the axes from one on have together, if that is known."""
        shape = self.shape()
        sizes = None if shape is None else shape[start:]
        if sizes is None or not all(isinstance(size, int) for size in sizes):
            return None
        return prod(size for size in sizes if isinstance(size, int))


Reading = Callable[[Node], Any]
"""What a node becomes: a module that takes its first input, or a `Call`."""


class Call:
    """A module and which values it takes."""

    def __init__(self, module: nn.Module, inputs: list[str]) -> None:
        self.module, self.inputs = module, inputs


def chain(*modules: nn.Module | None) -> nn.Module:
    """Those that there are, one after the other."""
    parts = [module for module in modules if module is not None]
    return parts[0] if len(parts) == 1 else nn.Sequential(*parts)


def _without_end(names: Any) -> list[str]:
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return found
