"""What layers record: the calls of the forward pass, and how those of the backward pass follow from them."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastconv._arrays import Array, DType
from fastconv._geometry import Shape

from ..parameter import Parameter
from .layout import Call
from .value import Later, Unrecordable, Value

if TYPE_CHECKING:
    from ..module import Module

PullBack = Callable[["Pull", Value], None]
"""Records the calls that lead from the gradient of an output to those of inputs and parameters."""


class Tape:
    """The forward pass of layers on inputs of one shape, as kernel calls.

    Parameters
    ----------
    shape, dtype
        Of the input.
    ops : namespace
        The kernels of a backend.
    keeps : bool
        Whether a backward pass may follow.

    Attributes
    ----------
    input, output : Value
    calls : list of Call
    saved : list
        Layers, and what each would have given to ``save_for_backward``.
    parameters : dict
        Those that were read, and their arrays.
    seen : int
        How often a parameter had been changed when these were last seen to be theirs.
    """

    def __init__(self, shape: Shape, dtype: DType, ops: SimpleNamespace, keeps: bool) -> None:
        self.dtype, self.ops, self.keeps = dtype, ops, keeps
        self.calls: list[Call] = []
        self.saved: list[tuple[Module, tuple[Any, ...]]] = []
        self.parameters: dict[Parameter, Array] = {}
        self.seen = 0
        self.steps: list[tuple[Value, tuple[Value | Parameter, ...], PullBack]] = []
        self.input = self.output = self.new(shape)
        self.input.slot = True

    def new(self, shape: Shape, dtype: DType | None = None, over: Value | None = None) -> Value:
        """An array for a result; ``over`` names a value whose memory may be used if nothing reads that any more."""
        if 0 in shape:
            raise Unrecordable
        return Value(shape, dtype or self.dtype, over=over)

    def view(self, value: Value, shape: Shape) -> Value:
        """The same numbers in another shape."""
        return value if value.shape == shape else Value(shape, value.dtype, value)

    def data(self, parameter: Parameter | None) -> Array | None:
        """The array of a parameter, as a kernel takes it."""
        if parameter is None:
            return None
        array = parameter.data
        if array.dtype is not self.dtype or type(array) is not np.ndarray or not array.size:
            raise Unrecordable
        if not (array.flags.c_contiguous and array.flags.aligned):
            raise Unrecordable
        self.parameters[parameter] = array
        return array

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Call a function here; values among the arguments become arrays. What it returns is not looked at."""
        self.calls.append((function, args))

    def save(self, module: "Module", *values: Any) -> None:
        """Keep what the layer's own ``backward`` takes from `saved_for_backward`: values, boxes, other objects."""
        if not self.keeps:
            return
        self.saved.append((module, values))
        for value in values:
            if isinstance(value, Value | Later):
                self.keep(value if isinstance(value, Value) else value.value)

    def keep(self, value: Value) -> None:
        """Do not give the memory of a value to another one, as the backward pass uses it."""
        if self.keeps:
            value.root.pinned = True

    def on_backward(self, output: Value, inputs: Iterable[Value | Parameter | None], pull: PullBack) -> None:
        """Say how the gradients of inputs and parameters follow from that of the output.

        Of the forward pass, ``pull`` may use the input of the tape and what was saved or kept.
        """
        if self.keeps:
            self.steps.append((output, tuple(x for x in inputs if x is not None), pull))

    def close(self, output: Value) -> None:
        """End the recording: the output becomes a slot, as it is given out."""
        if output.root is self.input:
            raise Unrecordable
        if output is not output.root:
            copy = self.new(output.shape)
            self.call(np.copyto, copy, output)
            view = output
            self.on_backward(copy, (view,), lambda back, grad: back.give(view, grad))
            output = copy
        output.slot = True
        self.output = output


class Pull:
    """The backward pass of a tape.

    Parameters
    ----------
    tape : Tape
    input_grad : bool
        Whether the gradient of the input is wanted.

    Attributes
    ----------
    calls : list of Call
    grad_output : Value
        A slot.
    grad_input : Value or None
        A slot.
    parameters : list
        Parameters, and the slots of their gradients.
    """

    def __init__(self, tape: Tape, input_grad: bool) -> None:
        self.tape = tape
        self.calls: list[Call] = []
        self.parameters: list[tuple[Parameter, Value]] = []
        self.grad_output = Value(tape.output.shape, tape.dtype)
        self.grad_output.slot = True
        self.grad_input: Value | None = None
        self._grads: dict[Value, Value] = {tape.output: self.grad_output}
        self._more: list[tuple[Value, Value]] = []
        self._wanted: set[Value] = {tape.input} if input_grad else set()
        for output, inputs, _ in tape.steps:
            if any(self.wants(x) for x in inputs):
                self._wanted.add(output)
        for output, _, pull in reversed(tape.steps):
            if output in self._wanted:
                pull(self, self._grads.pop(output))
                for x, grad in self._more:
                    total = Value(x.shape, x.dtype)
                    self.call(np.add, self._grads[x], grad, total)
                    self._grads[x] = total
                self._more.clear()
        if input_grad:
            self._close(self._grads[tape.input])

    def _close(self, grad: Value) -> None:
        """The gradient of the input becomes a slot, as it is given out."""
        if grad is not grad.root or grad.slot:
            copy = Value(grad.shape, grad.dtype)
            self.call(np.copyto, copy, grad)
            grad = copy
        grad.slot = True
        self.grad_input = grad

    def wants(self, x: Value | Parameter | None) -> bool:
        """Whether the gradient of a value or parameter is to be computed."""
        return x is not None and (x.requires_grad if isinstance(x, Parameter) else x in self._wanted)

    def grad(self, x: Value | Parameter | None, over: Value | None = None) -> Value | None:
        """Where a call shall write the gradient of `x`; None if it is not wanted."""
        if x is None or not self.wants(x):
            return None
        if isinstance(x, Parameter):
            grad = Value(x.shape, self.tape.dtype)
            grad.slot = True
            self.parameters.append((x, grad))
            return grad
        grad = Value(x.shape, x.dtype, over=over)
        self.give(x, grad)
        return grad

    def give(self, x: Value, grad: Value) -> None:
        """Say that a value is the gradient of `x`, or a part of it where `x` is used more than once."""
        if x not in self._wanted:
            return
        if x in self._grads:
            self._more.append((x, grad))
        else:
            self._grads[x] = grad

    def completions(self) -> list[tuple[int, Parameter, Value]]:
        """Parameters and the slots of their gradients, in the order in which these are complete: after how many calls.

        A call may complete several; the gradient of a parameter that is used twice has two slots.
        """
        last = {arg.root: i for i, (_, args) in enumerate(self.calls, 1) for arg in args if type(arg) is Value}
        return sorted(((last[grad], x, grad) for x, grad in self.parameters), key=lambda entry: entry[0])

    def view(self, value: Value, shape: Shape) -> Value:
        """The same numbers in another shape."""
        return self.tape.view(value, shape)

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        """Call a function here; values among the arguments become arrays."""
        self.calls.append((function, args))
