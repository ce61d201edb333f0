"""An ONNX file as a message that was checked: nothing that it says of itself is believed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._extras import require
from fastconv._files import open_regular

OLDEST = 7
"""The first version of the operators whose broadcasting is that of NumPy."""


def read(path: str) -> Any:
    """The model in a file, with the arrays that it has in files beside it."""
    with open_regular(path) as file:
        content = file.read()
    model = parsed(content)
    for tensor in _tensors(model.graph):
        _take_in(tensor, os.path.dirname(path) or ".")
    return model


def parsed(content: bytes) -> Any:
    """The message in these bytes."""
    onnx = require("onnx", "fastconv.onnx", "onnx")
    message = require("google.protobuf.message", "fastconv.onnx", "onnx")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except message.DecodeError as error:
        raise ValueError(f"not an ONNX file, or a corrupt one: {error}") from None
    if not model.HasField("graph"):
        raise ValueError("not an ONNX file: it has no graph")
    return model


def checked(model: Any) -> Any:
    """The model without functions of its own, after ONNX's checks.

    Raises
    ------
    ValueError
        Something is missing, in a circle, of the wrong type, or of a version that is not known.
    """
    onnx = require("onnx", "fastconv.onnx", "onnx")
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and not OLDEST <= opset.version <= newest:
            raise ValueError(f"opset must be {OLDEST} to {newest}, got {opset.version}")
    if model.graph.sparse_initializer:
        raise ValueError("sparse weights are not supported")
    known = _dtypes(onnx.TensorProto)
    for tensor in _tensors(model.graph):
        if tensor.data_type in known:  # others, such as the names of classes, need not be of use
            check_count(tensor)
    with _as_value_error(onnx):
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        onnx.checker.check_model(model)
    return model


def inferred(model: Any) -> Any:
    """The model with the types and shapes of all values that follow from others."""
    onnx = require("onnx", "fastconv.onnx", "onnx")
    with _as_value_error(onnx):
        return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


@contextmanager
def _as_value_error(onnx: Any) -> Iterator[None]:
    """Errors of ONNX's checks as those of this library."""
    try:
        yield
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError) as error:
        raise ValueError(f"not a valid ONNX model: {str(error).strip()}") from error


def _tensors(graph: Any) -> Iterator[Any]:
    """Arrays of the graph: weights, and constants among the nodes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t


def _take_in(tensor: Any, folder: str) -> None:
    """Put the numbers of a tensor that are in another file into it."""
    onnx = require("onnx", "fastconv.onnx", "onnx")
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    where = {entry.key: entry.value for entry in tensor.external_data}
    location = where.get("location", "")
    inside = os.path.realpath(folder)
    path = "" if "\0" in location else os.path.realpath(os.path.join(folder, location))
    if not location or not path or os.path.isabs(location) or os.path.commonpath([inside, path]) != inside:
        raise ValueError(f"array {tensor.name!r}: its file must be in the folder of the model, got {location!r}")
    if not os.path.exists(path):
        raise ValueError(f"array {tensor.name!r}: there is no file {location!r} beside the model")
    size = _bytes(tensor)
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        offset, length = (_number(tensor, where, key, default) for key, default in (("offset", 0), ("length", size)))
        if length != size or offset + length > end:
            raise ValueError(
                f"array {tensor.name!r}: it has {size} bytes, but {length} from {offset} on are named of file "
                f"{location!r}, which has {end}"
            )
        file.seek(offset)
        tensor.raw_data = file.read(size)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def _number(tensor: Any, where: dict[str, str], key: str, default: int) -> int:
    text = where.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(f"array {tensor.name!r}: {key} of its file must be a number, got {text[:40]!r}")
    return int(text)


def _bytes(tensor: Any) -> int:
    """How many bytes the numbers of a tensor have; only of types that stand in NumPy as they do in the file."""
    return prod(_sizes(tensor)) * dtype_of(tensor).itemsize


def _sizes(tensor: Any) -> tuple[int, ...]:
    sizes = tuple(tensor.dims)
    if any(size < 0 for size in sizes):
        raise ValueError(f"array {tensor.name!r}: sizes must be >= 0, got {sizes}")
    return sizes


def _dtypes(types: Any) -> dict[int, str]:
    """The types whose numbers stand in NumPy as they do in the file."""
    return {types.FLOAT: "f4", types.DOUBLE: "f8", types.INT64: "i8", types.INT32: "i4", types.BOOL: "?"}


def dtype_of(tensor: Any) -> np.dtype[Any]:
    """The dtype of a tensor: real, of at least single precision, or whole or true."""
    types = require("onnx", "fastconv.onnx", "onnx").TensorProto
    known = _dtypes(types)
    if tensor.data_type not in known:
        names = {value: name for name, value in types.DataType.items()}
        raise ValueError(
            f"array {tensor.name!r}: its type must be FLOAT or DOUBLE, or for sizes INT64, INT32 or BOOL, "
            f"got {names.get(tensor.data_type, tensor.data_type)}"
        )
    return np.dtype(known[tensor.data_type])


def check_count(tensor: Any) -> None:
    """Refuse a tensor that has not as many numbers as it says."""
    helper = require("onnx.helper", "fastconv.onnx", "onnx")
    sizes, dtype = _sizes(tensor), dtype_of(tensor)
    if tensor.HasField("raw_data"):
        found, rest = divmod(len(tensor.raw_data), dtype.itemsize)
    else:
        found, rest = len(getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type))), 0
    if found != prod(sizes) or rest:
        raise ValueError(f"array {tensor.name!r}: it should have {prod(sizes)} numbers for sizes {sizes}, got {found}")


def array(tensor: Any) -> Array:
    """The numbers of a tensor, a copy."""
    check_count(tensor)
    return np.array(require("onnx.numpy_helper", "fastconv.onnx", "onnx").to_array(tensor), order="C")
