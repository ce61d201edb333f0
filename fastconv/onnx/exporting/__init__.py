"""A model into an ONNX file."""

from collections.abc import Sequence
from typing import Any

from fastconv import nn
from fastconv._arrays import FLOAT32
from fastconv._extras import require
from fastconv._files import Path, atomic_write, file_path
from fastconv._geometry import integer, shape_argument
from fastconv._version import __version__
from fastconv.nn.fuse import inference_copy

from .graph import Graph, Value
from .model import write

OPSETS = range(13, 24)
"""Versions of the operators that can be written; 13 was the last to change what layers need of Softmax and Pad."""

OPSET = 20
"""The default: onnx 1.15 and onnxruntime 1.17, of 2023 and 2024, read it."""

MOST_BYTES = 2**31 - 1
"""An ONNX file is one message of protocol buffers, which cannot be larger."""


def export(model: nn.Module, path: Path, input_shape: Sequence[int], *, opset: int = OPSET) -> None:
    """Write a model as an ONNX file, for programs such as onnxruntime.

    The file computes what the model does in eval mode. Its input is called ``"input"``, its output ``"output"``;
    weights have their names of the ``state_dict``. The batch may be of any size, all other sizes are those of
    `input_shape`. The file is checked by ``onnx.checker`` before it is written, and written as a whole or not at all.

    Every layer and container of `nn` that gives one array can be written, and every network of `fc.models`; not so
    criteria, `MaxUnpool2d`, layers with ``return_indices=True``, batch normalisation without running statistics, and
    classes with a ``forward`` of their own. Hooks are not part of the file.

    Parameters
    ----------
    model : Module
        Not changed.
    path : str or path-like
        Used as it is; the usual ending is ``.onnx``.
    input_shape : sequence of int
        With the batch, as for `fc.summary`.
    opset : int
        Version of the operators, 13 to 23.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        A part of the model cannot be written, which the text names by its path; the model refuses an input of that
        shape; `opset` is out of range; or the weights are larger than 2 GB, the most that such a file can hold.
    ImportError
        onnx is not installed.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastconv as fc
    >>> path = os.path.join(tempfile.mkdtemp(), "lenet.onnx")
    >>> fc.onnx.export(fc.models.lenet5(rng=0), path, (1, 1, 32, 32))
    >>> import onnx
    >>> [node.op_type for node in onnx.load(path).graph.node][:4]
    ['Conv', 'Relu', 'MaxPool', 'Conv']
    """
    target = file_path("export", path)
    content = serialized(model, input_shape, opset)
    with atomic_write(target) as file:
        file.write(content)


def serialized(model: nn.Module, input_shape: Sequence[int], opset: int = OPSET) -> bytes:
    """What `export` writes."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"export: model must be a Module, got {type(model).__name__}")
    shape = shape_argument("export", "input_shape", input_shape)
    if not shape:
        raise ValueError("export: input_shape must have at least one axis, that of the batch, got ()")
    integer("export", "opset", opset, OPSETS[0], OPSETS[-1])
    if sum(array.nbytes for array in model.state_dict().values()) > MOST_BYTES:
        raise ValueError(f"export: model must have at most {MOST_BYTES} bytes of weights, which is all a file can hold")
    onnx = require("onnx", "fastconv.onnx", "onnx")
    dtype = next((parameter.dtype for parameter in model.parameters()), FLOAT32).newbyteorder("=")
    graph = Graph(opset, dtype)
    output = write(graph, inference_copy(model), Value("input", shape), "")
    if output.name == "input":  # nothing was computed
        output = Value(graph.node("Identity", "input"), shape)
    proto = _model(onnx, graph, shape, output)
    onnx.checker.check_model(proto, full_check=True)
    return proto.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def _model(onnx: Any, graph: Graph, shape: tuple[int, ...], output: Value) -> Any:
    """The message that the file consists of."""
    for node in graph.nodes:
        for names in (node.input, node.output):
            names[:] = ["output" if name == output.name else name for name in names]
    real = onnx.helper.np_dtype_to_tensor_dtype(graph.dtype)
    batch = "batch" if output.shape[:1] == shape[:1] else None
    ends = [
        onnx.helper.make_tensor_value_info(name, real, sizes)
        for name, sizes in (("input", ["batch", *shape[1:]]), ("output", [batch, *output.shape[1:]]))
    ]
    arrays = [onnx.numpy_helper.from_array(array, name) for name, array in graph.arrays.items()]
    content = onnx.helper.make_graph(graph.nodes, "fastconv", ends[:1], ends[1:], arrays)
    opsets = [onnx.helper.make_opsetid("", graph.opset)]
    return onnx.helper.make_model(
        content,
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),
        producer_name="fastconv",
        producer_version=__version__,
    )
