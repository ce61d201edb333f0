"""What can be computed before any input is there: nodes of constants, and sizes of values.

Files are full of them: a program that traces a network writes down how it computed its padding and shapes.
"""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._extras import require

from .node import Node

FOLDED = {"Add", "Cast", "Concat", "ConstantOfShape", "Div", "Gather", "Mul", "Neg", "Range", "Reshape", "Shape"}
FOLDED |= {"Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze"}
"""Operators that are computed at once where all that they take is constant."""

MOST = 2**24
"""Elements of a result: a file of a few bytes must not fill the memory."""

Size = int | str | None
"""One size of a value: a number, a word for one that may vary, or nothing."""


def constant(node: Node) -> Array:
    """The array of a Constant."""
    from .file import array

    for name, dtype in (("value_float", "f4"), ("value_floats", "f4"), ("value_int", "i8"), ("value_ints", "i8")):
        if node.has_attribute(name):
            return np.array(node.take(name), dtype)
    tensor = node.take("value")
    if tensor is None:
        raise node.error("its value must be numbers in one array")
    return array(tensor)


def folded(proto: Any, inputs: Sequence[Array | None], opset: int) -> Array | None:
    """The result of a node of constants, by ONNX's own reference; None where it cannot be computed."""
    if proto.op_type not in FOLDED or len(proto.output) != 1 or _large(proto.op_type, inputs):
        return None
    helper, reference = (require(f"onnx.{name}", "fastconv.onnx", "onnx") for name in ("helper", "reference"))
    given = {name: array for name, array in zip(proto.input, inputs, strict=True) if name and array is not None}
    ends = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in given.items()
    ]
    graph = helper.make_graph([proto], "constant", ends, [helper.make_empty_tensor_value_info(proto.output[0])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    return np.array(reference.ReferenceEvaluator(model).run(None, given)[0])


def _large(operator: str, inputs: Sequence[Array | None]) -> bool:
    """Whether a result may be larger than is sensible."""
    arrays = [array for array in inputs if array is not None]
    if operator == "ConstantOfShape":
        factors = [float(size) for size in arrays[0].ravel()]
    elif operator == "Range":
        start, limit, step = (float(array.reshape(())) for array in arrays)
        factors = [abs((limit - start) / step) if step else inf]
    elif operator == "Gather":
        factors = [float(array.size) for array in arrays]
    elif operator in ("Add", "Div", "Mul", "Sub"):
        factors = [float(size) for size in np.broadcast_shapes(*(array.shape for array in arrays))]
    else:  # no more than goes in
        return False
    return not (prod(factors) <= MOST and min(factors, default=0) >= 0)


def sizes(proto: Any, inputs: Sequence[Any], take: Any) -> list[Size] | Size:
    """The result of a node of sizes: a list of them, or one. Raises LookupError for what is not known here.

    ``inputs`` has such results, or None for what is no such thing; ``take`` gives attributes.
    """
    given = inputs[0]
    if proto.op_type in ("Cast", "Identity"):
        return given  # type: ignore[no-any-return]
    if proto.op_type == "Gather":
        places = inputs[1]
        return [given[i] for i in places] if isinstance(places, list) else given[places]
    if proto.op_type == "Unsqueeze" and not isinstance(given, list):
        return [given]
    if proto.op_type == "Squeeze" and isinstance(given, list) and len(given) == 1:
        return given[0]  # type: ignore[no-any-return]
    if proto.op_type == "Concat" and all(isinstance(part, list) for part in inputs):
        return [size for part in inputs for size in part]
    if proto.op_type == "Slice" and len(inputs) > 2 and all(isinstance(end, list) for end in inputs[1:3]):
        (start,), (stop,) = inputs[1:3]
        (step,) = inputs[4] if len(inputs) > 4 else (1,)
        return given[start:stop:step]  # type: ignore[no-any-return]
    raise LookupError(proto.op_type)
