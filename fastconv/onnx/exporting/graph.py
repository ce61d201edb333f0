"""An ONNX graph while it is written: nodes, and the arrays that belong to them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastconv import nn
from fastconv._arrays import Array
from fastconv._extras import require
from fastconv._geometry import Shape


class Value(NamedTuple):
    """What goes from one node to the next: its name, and its shape for the batch of the example."""

    name: str
    shape: Shape


class Graph:
    """Nodes in the order in which they are computed, and arrays by name.

    Parameters
    ----------
    opset : int
        Version of the operators.
    dtype : dtype
        Of the numbers.

    Attributes
    ----------
    path : str
        The part of the model that is being written; names of its nodes start with it.
    """

    def __init__(self, opset: int, dtype: np.dtype[Any]) -> None:
        self.opset = opset
        self.dtype = dtype
        self.path = ""
        self.nodes: list[Any] = []
        self.arrays: dict[str, Array] = {}
        self._names: set[str] = {"input", "output"}
        self._known: dict[tuple[int, bool], str] = {}

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output, which is that of the node."""
        helper = require("onnx.helper", "fastconv.onnx", "onnx")
        name = self._unused(f"{self.path}/{operator}" if self.path else operator)
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def parameter(self, name: str, parameter: nn.Parameter | None, transposed: bool = False) -> str:
        """The name of the array of a parameter of the present part; there is one for all places that share it."""
        if parameter is None:
            return ""
        key = (id(parameter), transposed)
        if key not in self._known:
            data = parameter.data.T if transposed else parameter.data
            self._known[key] = self.array(f"{name}.transposed" if transposed else name, data)
        return self._known[key]

    def array(self, name: str, values: Any, dtype: Any = None) -> str:
        """Add an array of the present part, of the graph's dtype unless told, and return its name."""
        unused = self._unused(f"{self.path}.{name}" if self.path else name)
        self.arrays[unused] = np.array(values, self.dtype if dtype is None else dtype, order="C")
        return unused

    def integers(self, name: str, values: Any) -> str:
        """Add an array of int64, such as a shape."""
        return self.array(name, values, np.int64)

    def unsupported(self, module: nn.Module, reason: str) -> ValueError:
        """The error for a part that cannot be written."""
        where = f"part {self.path!r}" if self.path else "the model"
        return ValueError(f"export: {where}, {type(module).__name__}: {reason}")

    def _unused(self, name: str) -> str:
        """The name, with a number behind it if it is taken."""
        unused, number = name, 1
        while unused in self._names:
            number += 1
            unused = f"{name}_{number}"
        self._names.add(unused)
        return unused


Layer = Callable[[Graph, Any, Value, Shape], str]
"""Writes a layer, given the shape of its output; gives the name of the output."""


def rule(rules: Mapping[type[nn.Module], Any], module: nn.Module) -> Any:
    """What a table says of a module, by its class or by a base whose ``forward`` it has; None if nothing.

    A subclass with another ``forward`` computes something else, whatever its base is.
    """
    if "forward" in vars(module):
        return None
    forward = type(module).forward
    kinds: list[Any] = [kind for kind in type(module).__mro__ if kind in rules]
    return next((rules[kind] for kind in kinds if kind.forward is forward), None)
