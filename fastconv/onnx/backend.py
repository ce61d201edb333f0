"""ONNX's own interface to programs that run models, by which its tests can be run."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._extras import require

from .loading import module
from .loading.file import checked, inferred
from .loading.graph import real_outputs, settled

_base = require("onnx.backend.base", "fastconv.onnx", "onnx")


class Prepared(_base.BackendRep):  # type: ignore[misc, name-defined]
    """A model that was read and can be run.

    Parameters
    ----------
    model : ModelProto
    """

    def __init__(self, model: Any) -> None:
        valid = checked(model)
        names = [value.name for value in valid.graph.output]
        if real_outputs(valid) != names:
            raise ValueError(f"outputs must be of float32 or float64, all of {', '.join(names)}")
        weights = {tensor.name for tensor in valid.graph.initializer}
        self._inputs = [value.name for value in valid.graph.input if value.name not in weights]
        self._model = settled(valid)

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Array, ...]:
        """The outputs.

        Parameters
        ----------
        inputs : sequence or dict of ndarray
            In the order of the model's inputs, or by their names. Those that are weights, sizes and the like to a node
            are constants for this run.

        Returns
        -------
        tuple of ndarray
        """
        arrays = inputs if isinstance(inputs, dict) else dict(zip(self._inputs, inputs, strict=True))
        given = {name: np.asarray(array) for name, array in arrays.items()}
        network, used = module(self._model, given)
        result = network(*(given[name] for name in used))
        return result if isinstance(result, tuple) else (result,)


class Backend(_base.Backend):  # type: ignore[misc, name-defined]
    """fastconv as an ``onnx.backend``: with it, ONNX's tests of operators run.

    To use a model, `fastconv.onnx.load` is simpler and faster.

    Examples
    --------
    >>> import numpy as np
    >>> import onnx
    >>> import fastconv as fc
    >>> node = onnx.helper.make_node("Relu", ["x"], ["y"])
    >>> fc.onnx.Backend.run_node(node, [np.array([-1.0, 2.0], np.float32)])
    (array([0., 2.], dtype=float32),)
    """

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **kwargs: Any) -> Prepared:
        """Check a model.

        Parameters
        ----------
        model : ModelProto
        device : str
            ``"CPU"``.

        Raises
        ------
        ValueError
            The model is not valid, or another device is asked for.
        """
        if not cls.supports_device(device):
            raise ValueError(f"Backend.prepare: device must be 'CPU', got {device!r}")
        return Prepared(model)

    @classmethod
    def run_model(cls, model: Any, inputs: Any, device: str = "CPU", **kwargs: Any) -> tuple[Array, ...]:
        """Prepare a model and run it."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(
        cls, node: Any, inputs: Sequence[Array], device: str = "CPU", outputs_info: Any = None, **kwargs: Any
    ) -> tuple[Array, ...]:
        """Run one node on arrays, one for each of its inputs."""
        helper = require("onnx.helper", "fastconv.onnx", "onnx")
        types = [helper.np_dtype_to_tensor_dtype(array.dtype) for array in inputs]
        names = [name for name in node.input if name]
        ends = [helper.make_tensor_value_info(n, t, a.shape) for n, t, a in zip(names, types, inputs, strict=True)]
        results = [helper.make_empty_tensor_value_info(name) for name in node.output]
        model = helper.make_model(helper.make_graph([node], "node", ends, results))
        return cls.run_model(inferred(model), list(inputs), device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether it is the CPU."""
        return device == "CPU"
