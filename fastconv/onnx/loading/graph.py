"""The nodes of a graph, one after the other, into modules."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastconv import nn
from fastconv._arrays import Array
from fastconv._extras import require

from . import activation, arithmetic, constants, convolution, normalization, padding, pooling, shape
from .constants import Size
from .file import array, inferred
from .node import Call, Node, Reading

OPERATORS: dict[str, Reading] = (
    activation.OPERATORS
    | arithmetic.OPERATORS
    | convolution.OPERATORS
    | normalization.OPERATORS
    | padding.OPERATORS
    | pooling.OPERATORS
    | shape.OPERATORS
)


class Item(NamedTuple):
    """A module in a graph: what the node was called, the values that it takes, and the one that it gives."""

    name: str
    module: nn.Module
    inputs: tuple[str, ...]
    output: str


class Values:
    """What is known of the values of a graph.

    Parameters
    ----------
    graph : GraphProto
        With the types and shapes that were inferred.
    given : mapping of str to ndarray
        Inputs of the graph that may serve as constants.
    """

    def __init__(self, graph: Any, given: Mapping[str, Array]) -> None:
        self._initializers = {tensor.name: tensor for tensor in graph.initializer}
        self._given = given
        self._constants: dict[str, Array | None] = {}
        self._origins: dict[str, str] = {}
        self._sizes: dict[str, list[Size] | Size] = {}
        self._parameters: dict[tuple[str, bool], nn.Parameter] = {}
        self._types = {v.name: v.type.tensor_type for v in (*graph.input, *graph.value_info, *graph.output)}
        self.computed: set[str] = {v.name for v in graph.input if v.name not in self._initializers}

    def is_input(self, name: str) -> bool:
        """Whether a value is computed, or an input."""
        return name in self.computed

    def constant(self, name: str) -> Array | None:
        """The array that a value is; None if it is computed."""
        name = self.origin(name)
        if name not in self._constants and name in self._initializers:
            self._constants[name] = array(self._initializers[name])
        return self._constants.get(name, self._given.get(name))

    def origin(self, name: str) -> str:
        """The name of the constant that a value is a copy of; mostly its own."""
        return self._origins.get(name, name)

    def set_origin(self, name: str, source: str) -> None:
        """Remember that a value is a copy of a constant."""
        self._origins[name] = self.origin(source)

    def set_constant(self, name: str, values: Array) -> None:
        """Remember what a value is."""
        self._constants[name] = values

    def parameter(self, name: str, values: Array, transposed: bool) -> nn.Parameter:
        """The one parameter that is made of a constant, perhaps transposed."""
        key = (name, transposed)
        if key not in self._parameters:
            self._parameters[key] = nn.Parameter(np.array(values.T if transposed else values, order="C"))
        return self._parameters[key]

    def shape(self, name: str) -> list[Size] | None:
        """Sizes, as far as the file says or implies them."""
        known = self.constant(name) if name not in self.computed else None
        if known is not None:
            return list(known.shape)
        if name not in self._types or not self._types[name].HasField("shape"):
            return None
        fields = (dim.WhichOneof("value") for dim in self._types[name].shape.dim)
        dims = zip(self._types[name].shape.dim, fields, strict=True)
        return [getattr(dim, field) if field else None for dim, field in dims]

    def type(self, name: str) -> int | None:
        """The type of the elements, as ONNX numbers them."""
        return self._types[name].elem_type if name in self._types else None

    def sizes(self, name: str) -> list[Size] | None:
        """A value that is a list of sizes."""
        found = self.size_value(name)
        return found if isinstance(found, list) else None

    def size_value(self, name: str) -> list[Size] | Size:
        """A value that is a list of sizes, or one size; None if it is neither."""
        known = self.constant(name)
        if known is None:
            return self._sizes.get(name)
        return known.tolist() if known.dtype.kind in "iu" and known.ndim < 2 else None

    def set_sizes(self, name: str, found: list[Size] | Size) -> None:
        """Remember sizes; those that are all known are a constant."""
        numbers = found if isinstance(found, list) else [found]
        if all(isinstance(size, int) for size in numbers):
            self.set_constant(name, np.array(found, np.int64))
        else:
            self._sizes[name] = found


def settled(model: Any) -> Any:
    """What real outputs need of a model, with constants instead of nodes that compute them, and all shapes that follow.

    Raises
    ------
    ValueError
        There is no such output, or a constant cannot be computed.
    """
    outputs = real_outputs(model)
    if not outputs:
        raise ValueError("none of its outputs is of float32 or float64")
    values, opset = Values(model.graph, {}), _opset(model)
    numpy_helper = require("onnx.numpy_helper", "fastconv.onnx", "onnx")
    kept = []
    for proto in _needed(model.graph, outputs):
        node = Node(proto, values, opset)
        if _constant(proto, node, values):
            name = values.origin(node.outputs[0])
            if name == node.outputs[0]:
                model.graph.initializer.append(numpy_helper.from_array(values.constant(name), name))
        else:
            kept.append(proto)
    for proto in kept:
        proto.input[:] = [values.origin(name) for name in proto.input]
    ends = [value for value in model.graph.output if value.name in outputs]
    for field, content in ((model.graph.node, kept), (model.graph.output, ends)):
        del field[:]
        field.extend(content)
    return inferred(model)


def _opset(model: Any) -> int:
    """The version of ONNX's own operators."""
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    return opsets.get("", opsets.get("ai.onnx", 1))  # type: ignore[no-any-return]


def items(model: Any, given: Mapping[str, Array]) -> tuple[list[Item], Values]:
    """The modules of a model that was settled, in the order of computation."""
    values = Values(model.graph, given)
    opset = _opset(model)
    found: list[Item] = []
    for proto in model.graph.node:
        node = Node(proto, values, opset)
        if not _constant(proto, node, values) and not _size(proto, node, values):
            _read(node, values, found)
    return found, values


def _needed(graph: Any, outputs: list[str]) -> list[Any]:
    """The nodes that some outputs depend on."""
    wanted, needed = set(outputs), []
    for proto in reversed(graph.node):
        if wanted.intersection(proto.output):
            wanted.update(proto.input)
            needed.append(proto)
    return needed[::-1]


def _constant(proto: Any, node: Node, values: Values) -> bool:
    """Compute a node of constants; False if it is none."""
    if node.domain or len(node.outputs) != 1 or any(name in values.computed for name in node.inputs):
        return False
    (output,) = node.outputs
    if node.operator == "Constant":
        values.set_constant(output, constants.constant(node))
        return True
    arrays = [values.constant(name) if name else None for name in proto.input]
    if not node.inputs or any(a is None and name for a, name in zip(arrays, proto.input, strict=True)):
        return False
    if node.operator == "Identity":
        values.set_origin(output, node.inputs[0])
        return True
    try:
        result = constants.folded(proto, arrays, node.opset)
    except Exception as error:  # whatever ONNX's reference makes of arrays that do not fit
        raise node.error(f"it cannot be computed: {error}") from error
    if result is not None:
        values.set_constant(output, result)
    return result is not None


def _size(proto: Any, node: Node, values: Values) -> bool:
    """Compute a node of sizes of values; False if it is none."""
    if node.domain or len(node.outputs) != 1 or not node.inputs:
        return False
    if node.operator == "Shape":
        known = values.shape(node.inputs[0])
        if known is None:
            raise node.error("the file must say how many axes its input has")
        values.set_sizes(node.outputs[0], list(known[slice(node.take("start", 0), node.take("end"))]))
        return True
    given = [values.size_value(name) if name else None for name in node.inputs]
    if any(name in values.computed for name in node.inputs):
        return False
    try:
        values.set_sizes(node.outputs[0], constants.sizes(proto, given, node.take))
    except (LookupError, TypeError, ValueError):
        raise node.error("what it computes from sizes of values is not supported") from None
    return True


def _read(node: Node, values: Values, found: list[Item]) -> None:
    """Add what a node becomes."""
    key = f"{node.domain}.{node.operator}" if node.domain else node.operator
    if key not in OPERATORS:
        domain = f" of {node.domain}" if node.domain else ""
        raise node.error(f"the operator{domain} is not supported")
    if not node.outputs:
        raise node.error("it must have an output")
    try:
        result = OPERATORS[key](node)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ValueError) and str(error).startswith("node "):
            raise
        raise node.error(str(error)) from error
    node.finish()
    call = result if isinstance(result, Call) else Call(result, node.inputs[:1])
    for name in call.inputs:
        if name not in values.computed:
            raise node.error(f"its input {name!r} must be a value that is computed, not a constant")
    values.computed.add(node.outputs[0])
    found.append(Item(node.name, call.module, tuple(call.inputs), node.outputs[0]))


def real_outputs(model: Any) -> list[str]:
    """Names of those outputs that are real numbers; others, such as labels, are no matter of a network."""
    types = require("onnx", "fastconv.onnx", "onnx").TensorProto
    real = (types.FLOAT, types.DOUBLE)
    return [v.name for v in model.graph.output if v.type.tensor_type.elem_type in real]
