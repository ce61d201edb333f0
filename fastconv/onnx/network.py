"""A network of any form: modules, and which value goes where."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastconv import nn
from fastconv._arrays import Array


class Step(NamedTuple):
    """A part of a network: its name, the values that it takes, and the one that it gives."""

    part: str
    inputs: tuple[str, ...]
    output: str


class Network(nn.Module):
    """Modules that are applied in order, each to the input or to what those before it gave.

    What `fastconv.onnx.load` makes of a file whose graph is not one of `nn.Sequential`, `nn.Residual` and `nn.Concat`.

    Parameters
    ----------
    parts : dict of str to Module
        A part with several inputs takes them as arguments, and its ``backward`` returns as many gradients.
    steps : sequence of Step
        In the order of computation.
    inputs, outputs : sequence of str
        Names of values. ``forward`` takes and gives as many arrays: a tuple, if there are several outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> from fastconv.onnx.network import Network, Step
    >>> from fastconv.onnx.layers import Add
    >>> steps = [Step("double", ("x", "x"), "y"), Step("relu", ("y",), "z")]
    >>> network = Network({"double": Add(), "relu": nn.ReLU()}, steps, ["x"], ["z"])
    >>> network(np.array([-1.0, 3.0])), network.backward(np.array([1.0, 1.0]))
    (array([0., 6.]), array([0., 2.]))
    """

    def __init__(
        self, parts: dict[str, nn.Module], steps: Sequence[Step], inputs: Sequence[str], outputs: Sequence[str]
    ) -> None:
        for name, part in parts.items():
            self.add_module(name, part)
        self.steps, self.inputs, self.outputs = tuple(steps), tuple(inputs), tuple(outputs)
        last = {name: number for number, step in enumerate(self.steps) for name in step.inputs}
        self._done = tuple(
            tuple(name for name in set(step.inputs) if last[name] == number and name not in self.outputs)
            for number, step in enumerate(self.steps)
        )

    def forward(self, *inputs: Array) -> Any:
        """The output, or a tuple of them."""
        if len(inputs) != len(self.inputs):
            raise TypeError(
                f"Network: {len(self.inputs)} inputs are needed, {', '.join(self.inputs)}, got {len(inputs)}"
            )
        values = dict(zip(self.inputs, inputs, strict=True))
        for step, done in zip(self.steps, self._done, strict=True):
            values[step.output] = getattr(self, step.part)(*(values[name] for name in step.inputs))
            for name in done:
                del values[name]
        outputs = tuple(values[name] for name in self.outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def backward(self, grad_output: Any, *, input_grad: bool = True) -> Any:
        """Run every ``backward`` that something depends on; return the gradient of the input, or a tuple of them."""
        several = isinstance(grad_output, tuple)
        if several != (len(self.outputs) > 1) or (several and len(grad_output) != len(self.outputs)):
            raise TypeError(f"Network.backward: grad_output must have an array for each of {', '.join(self.outputs)}")
        grads: dict[str, Array] = {}
        for name, grad in zip(self.outputs, grad_output if several else (grad_output,), strict=True):
            _accumulate(grads, name, grad)
        wanted = self._wanted(input_grad)
        for step in reversed(self.steps):
            grad_step = grads.pop(step.output, None)
            if grad_step is None or step.output not in wanted:
                continue
            needed = any(name in wanted for name in step.inputs)
            result = getattr(self, step.part).backward(grad_step, input_grad=needed)
            if needed:
                for name, grad in zip(step.inputs, result if isinstance(result, tuple) else (result,), strict=True):
                    if name in wanted:
                        _accumulate(grads, name, grad)
        if not input_grad:
            return None
        results = tuple(grads.get(name) for name in self.inputs)
        return results[0] if len(results) == 1 else results

    def _wanted(self, input_grad: bool) -> set[str]:
        """Values whose gradients something that is trained, or the input, depends on."""
        wanted = set(self.inputs) if input_grad else set()
        for step in self.steps:
            if any(name in wanted for name in step.inputs) or getattr(self, step.part)._is_trained():
                wanted.add(step.output)
        return wanted


def _accumulate(grads: dict[str, Array], name: str, grad: Array) -> None:
    grads[name] = np.add(grads[name], grad) if name in grads else grad
