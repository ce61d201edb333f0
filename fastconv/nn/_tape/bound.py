"""A tape on memory: its calls with arrays in place of values, and the two passes."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import Shape
from fastconv._watch import parameters, running

from ..module import save
from .layout import LINE, Call, lay_out
from .tape import Pull, Tape
from .value import Box, Later, Value


def _never(array: Array) -> int:
    """For interpreters that do not count references, or count them late: arrays are always new."""
    return sys.maxsize


MOST_CHOICES = 8
"""Choices of gradients that a tape remembers backward passes for."""

COUNTED = getattr(sys, "_is_gil_enabled", lambda: hasattr(sys, "getrefcount"))()
_holders: Callable[[Array], int] = sys.getrefcount if COUNTED else _never

Calls = list[tuple[Callable[..., Any], list[Any]]]
"""Functions and their arguments, arrays in place of values."""


class Memory:
    """Bytes that tapes share, one pass at a time.

    Attributes
    ----------
    version : int
        Another one once the bytes are others.
    last : Bound or None
        Whose forward pass filled it.
    kept_by : Bound or None
        Who stands for what its layers keep, for all of them and in their only use.
    """

    __slots__ = ("_bytes", "kept_by", "last", "version")

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)
        self.version = 0
        self.last: Bound | None = None
        self.kept_by: Bound | None = None

    def reserve(self, size: int) -> None:
        """Hold at least so many bytes."""
        if size > len(self._bytes):
            self.last = None
            self.version += 1
            whole = np.empty(size + LINE, np.uint8)
            self._bytes = whole[-whole.ctypes.data % LINE :]

    def array(self, offset: int, value: Value) -> Array:
        """The array of a value at an offset."""
        part = self._bytes[offset : offset + value.nbytes]
        return part.view(value.dtype).reshape(value.shape)


class Slot:
    """An argument that is another array in every pass, at all its places.

    Parameters
    ----------
    shape, dtype
        Of the arrays.
    """

    __slots__ = ("_count", "_places", "array", "dtype", "shape")

    def __init__(self, value: Value) -> None:
        self.shape, self.dtype = value.shape, value.dtype
        self.array: Array | None = None
        self._places: list[tuple[list[Any], int, Shape]] = []
        self._count = 0

    def add(self, args: list[Any], index: int, shape: Shape) -> None:
        """One more place: an index into arguments, which take the array in some shape."""
        self._places.append((args, index, shape))
        if self.array is not None:
            args[index] = self.array.reshape(shape)

    def put(self, array: Array | None) -> None:
        """Set the array everywhere; with None nothing is held any more."""
        if array is self.array:
            return
        self.array = None  # an error may end this at any place
        for args, index, shape in self._places:
            args[index] = array if array is None or array.shape == shape else array.reshape(shape)
        self.array = array

    def fresh(self) -> Array:
        """An array to be given out: the last one if nobody holds it any more, else a new one."""
        array = self.array
        if array is not None and _holders(array) <= self._count:
            return array
        self._count = 0
        array = np.empty(self.shape, self.dtype)
        self.put(array)
        self._count = _holders(array)
        return array


class Kept:
    """Stands among the saved values of a layer for those that a pass kept in memory."""

    __slots__ = ("_bound", "_values")

    def __init__(self, bound: "Bound | None", values: tuple[Any, ...] = ()) -> None:
        self._bound, self._values = bound, values

    def arrays(self) -> tuple[Any, ...]:
        """The values that the layer would have kept."""
        if self._bound is None or not self._bound.filled():
            raise RuntimeError("backward: the forward pass before it did not end, or another one followed")
        return tuple(self._bound.content(value) for value in self._values)

    def leave(self) -> object | None:
        """Something else is kept for the layer from now on; return in which pass this was."""
        if self._bound is None:
            return None
        self._bound.memory.kept_by = None
        return self._bound.last_pass

    def __reduce__(self) -> Any:
        # A copy does not hold the memory of the pass, but has its values.
        if self._bound is None or not self._bound.filled():
            return Kept, (None,)
        return tuple, (self.arrays(),)


class Bound:
    """A tape whose values have arrays.

    Parameters
    ----------
    tape : Tape
    memory : Memory
        For the forward pass.
    temporary : Memory
        For the backward pass.
    """

    def __init__(self, tape: Tape, memory: Memory, temporary: Memory) -> None:
        self.tape, self.memory, self.temporary = tape, memory, temporary
        self._offsets, size = lay_out(tape.calls)
        memory.reserve(size)
        self.version = memory.version
        self._slots: dict[Value, Slot] = {}
        self._calls = self._resolved(tape.calls, self._offsets, memory, self._slots)
        self._input, self._output = _slot(self._slots, tape.input), _slot(self._slots, tape.output)
        self._backward: dict[tuple[bool, ...], _Backward] = {}
        self._latest: _Backward | None = None
        self.last_pass: object | None = None
        self._kept = [(vars(module), Kept(self, values)) for module, values in tape.saved]

    def _array(self, value: Value) -> Array:
        """The array of a value of the forward pass."""
        root = value.root
        if root.slot:
            array = self._slots[root].array
            assert array is not None
        else:
            array = self.memory.array(self._offsets[root], root)
        return array.reshape(value.shape)

    def _resolved(
        self, calls: Iterable[Call], offsets: dict[Value, int], memory: Memory, slots: dict[Value, Slot]
    ) -> Calls:
        """The calls with arrays in place of values."""
        resolved = []
        for function, args in calls:
            ready = list(args)
            for i, arg in enumerate(args):
                if type(arg) is not Value:
                    continue
                root = arg.root
                if root.slot:
                    _slot(slots, root).add(ready, i, arg.shape)
                elif root in offsets:
                    ready[i] = memory.array(offsets[root], root).reshape(arg.shape)
                else:
                    assert root.pinned, "a backward pass uses a value that was not saved"
                    ready[i] = self._array(arg)
            resolved.append((function, ready))
        return resolved

    def content(self, value: Any) -> Any:
        """What a saved value stands for."""
        if type(value) is Value:
            return self._array(value)
        if type(value) is Box:
            return value.content
        if type(value) is Later:
            return value.function(self._array(value.value))
        return value

    def filled(self) -> bool:
        """Whether the memory holds the last forward pass of this tape."""
        return self.memory.last is self

    def forward(self, input: Array) -> Array:
        """Run the forward pass."""
        memory = self.memory
        memory.last = None
        self._input.put(input)
        output = self._output.fresh()
        for function, args in self._calls:
            function(*args)
        if self.tape.keeps:
            if memory.kept_by is not self:
                self._keep()
            self.last_pass = running.current
            memory.last = self
        else:
            self._input.put(None)
        return output

    def ready(self) -> bool:
        """Whether a backward pass may use this tape: no layer was called since."""
        return self.memory.last is self and self.memory.kept_by is self

    def _keep(self) -> None:
        """Stand for what the layers keep."""
        for state, kept in self._kept:
            save(state, kept)
        if all(len(state["_saved"]) == 1 for state, _ in self._kept):
            self.memory.kept_by = self

    def backward(self, grad_output: Array, input_grad: bool) -> Array | None:
        """Run the backward pass: add to the gradients of parameters, return that of the input if it is wanted."""
        ready = self._latest
        if (
            ready is None
            or ready.seen != parameters.count
            or ready.version != self.temporary.version
            or (ready.grad_input is not None) != input_grad
        ):
            seen = parameters.count
            ready = self._latest = self._chosen(input_grad)
            ready.seen = seen
        return ready.run(grad_output)

    def _chosen(self, input_grad: bool) -> "_Backward":
        """The pass for what is to be computed now."""
        key = (input_grad, *[parameter.requires_grad for parameter in self.tape.parameters])
        ready = self._backward.get(key)
        if ready is None or ready.version != self.temporary.version:
            if len(self._backward) >= MOST_CHOICES:
                self._backward.clear()
            ready = self._backward[key] = self._prepared(input_grad)
        return ready

    def _prepared(self, input_grad: bool) -> "_Backward":
        pull = Pull(self.tape, input_grad)
        own = [
            (function, tuple(arg for arg in args if type(arg) is Value and arg.root not in self._offsets))
            for function, args in pull.calls
        ]
        offsets, size = lay_out(own)
        self.temporary.reserve(size)
        slots: dict[Value, Slot] = {}
        calls, parts, start = self._resolved(pull.calls, offsets, self.temporary, slots), [], 0
        for end, parameter, value in pull.completions():
            parts.append((calls[start:end], parameter, _slot(slots, value)))
            start = end
        return _Backward(
            parts,
            calls[start:],
            [(self._slots[value], slot) for value, slot in slots.items() if value in self._slots],
            _slot(slots, pull.grad_output),
            None if pull.grad_input is None else _slot(slots, pull.grad_input),
            self.temporary.version,
        )


def _slot(slots: dict[Value, Slot], value: Value) -> Slot:
    """The slot of a value, a new one if there is none."""
    found = slots.get(value)
    if found is None:
        found = slots[value] = Slot(value)
    return found


class _Backward:
    """The backward pass for one choice of gradients.

    Parameters
    ----------
    parts : list
        Calls, and the parameter whose gradient is complete with the last of them, and its slot.
    rest : list
        The calls behind.
    shared : list
        Slots of the forward pass, whose arrays this one reads, each with the slot that it has here.
    grad_output, grad_input : Slot
    version : int
        Of the memory.

    Attributes
    ----------
    seen : int
        How often a parameter had been changed when this pass was chosen.
    """

    def __init__(
        self,
        parts: list[tuple[Calls, Any, Slot]],
        rest: Calls,
        shared: list[tuple[Slot, Slot]],
        grad_output: Slot,
        grad_input: Slot | None,
        version: int,
    ) -> None:
        self.version, self.seen = version, 0
        self._parts, self._rest, self._shared = parts, rest, shared
        self._grad_output, self.grad_input = grad_output, grad_input

    def run(self, grad_output: Array) -> Array | None:
        """Run it."""
        self._grad_output.put(grad_output)
        for forward, own in self._shared:
            own.put(forward.array)
        grad_input = None if self.grad_input is None else self.grad_input.fresh()
        grads = [slot.fresh() for _, _, slot in self._parts]
        for (calls, parameter, _), grad in zip(self._parts, grads, strict=True):
            for function, args in calls:
                function(*args)
            if parameter.grad is None and not parameter._hooks:
                parameter.grad = grad
            else:
                parameter.accumulate(grad)
        for function, args in self._rest:
            function(*args)
        self._grad_output.put(None)
        for _, own in self._shared:
            own.put(None)
        return grad_input
