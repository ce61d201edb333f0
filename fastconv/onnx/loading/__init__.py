"""An ONNX file into a model."""

from collections.abc import Mapping
from typing import Any

from fastconv import nn
from fastconv._arrays import Array
from fastconv._files import Path, file_path

from .file import checked, read
from .graph import items, settled
from .structure import arranged


def load(path: Path) -> nn.Module:
    """Read an ONNX file into a model that can be trained on.

    Where the graph of the file is a chain of layers, with ways around that are added or joined along the channels, the
    model is made of `nn.Sequential`, `nn.Residual` and `nn.Concat`; otherwise it is a `fastconv.onnx.network.Network`,
    which also has several inputs or outputs. Layers are those of `nn`, and a few of `fastconv.onnx.layers` for what
    only ONNX has. Weights are copies, and those that nodes share are one `nn.Parameter`. Outputs that are no real
    numbers, such as the labels of a classifier, are left out, and so is what only they need.

    Operators: Conv, ConvTranspose, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean, Gemm, MatMul,
    BatchNormalization, InstanceNormalization, LayerNormalization, Relu, Sigmoid, Tanh, LeakyRelu, Elu, Gelu,
    HardSigmoid, HardSwish, Softplus, Softmax, LogSoftmax, Clip, Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Cast,
    Resize (by whole factors), Add, Mul, Sub and Div (the last two with constants), Concat, Pad, Dropout, Identity,
    Constant, and what computes shapes from constants and sizes. Convolution and pooling have one or two axes.

    Parameters
    ----------
    path : str or path-like
        Arrays that the file has in other files must be in its folder.

    Returns
    -------
    Module
        In eval mode, in which it computes what the file does: call ``train()`` before training.

    Raises
    ------
    TypeError
        `path` is no path.
    ValueError
        The file is not a valid ONNX model; it has a version, type, operator or attribute that is not supported, whose
        node is named; or an array has another size than it says.
    ImportError
        onnx is not installed.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import fastconv as fc
    >>> from fastconv import nn
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3, rng=1))
    >>> fc.onnx.export(net, path, (1, 1, 4, 4))
    >>> loaded = fc.onnx.load(path)
    >>> loaded
    Sequential(
      (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
      (1): ReLU()
      (2): Flatten(start_dim=1, end_dim=-1)
      (3): Linear(in_features=8, out_features=3, bias=True)
    )
    >>> x = np.ones((5, 1, 4, 4), np.float32)
    >>> np.array_equal(net(x), loaded(x))
    True
    """
    source = file_path("load", path)
    try:
        return module(settled(checked(read(source))), {})[0]
    except ValueError as error:
        raise ValueError(f"load: {source}: {error}") from error


def module(model: Any, given: Mapping[str, Array]) -> tuple[nn.Module, list[str]]:
    """The model of a message that was checked and settled, in eval mode, and its inputs.

    ``given`` are inputs that may serve as constants.

    Raises
    ------
    ValueError
        Something in it is not supported.
    """
    outputs = [value.name for value in model.graph.output]
    found, values = items(model, given)
    used = {name for item in found for name in item.inputs} | set(outputs)
    inputs = [v.name for v in model.graph.input if v.name in values.computed and v.name in used]
    for name in outputs:
        if name not in values.computed:
            raise ValueError(f"output {name!r} does not depend on an input")
    return arranged(found, inputs, outputs, values).eval(), inputs
