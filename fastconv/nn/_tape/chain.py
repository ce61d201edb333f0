"""Layers one after the other: which tapes there are of them, and whether one may be used."""

import os
import threading
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from fastconv import _backend, _config
from fastconv._arrays import FLOAT32, FLOAT64, Array
from fastconv._watch import changes, parameters, running

from .. import _chain
from ..hooks import HookedBackward
from ..module import Module
from ..parameter import Parameter
from .bound import Bound, Memory
from .record import record
from .tape import Tape
from .value import Unrecordable

MOST_TAPES = 8
"""Shapes that a chain remembers, those used last."""

Key = tuple[Any, ...]

_recording = threading.Lock()
"""One thread at a time, as several may run one model in eval mode."""


def _after_fork() -> None:
    """The thread that held the lock, if one did, is not in this process."""
    global _recording
    _recording = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _takes_part(kind: type[Module]) -> bool:
    """Whether a class says itself how it is recorded: one that replaces a pass of another does not."""
    for base in kind.__mro__:
        if "_record" in vars(base):
            return base is not Module
        if vars(base).keys() & {"forward", "backward", "__call__"}:
            return False
    return False


def is_recordable(module: Module) -> bool:
    """Whether a layer, and all in it, can be recorded: it has a ``_record``, and no hooks or methods of its own."""
    state = vars(module)
    return (
        _takes_part(type(module))
        and not module._before
        and not module._after
        and not any(_replaces(value) for value in state.values())
        and all(is_recordable(value) for value in state.values() if isinstance(value, Module))
    )


def _replaces(value: Any) -> bool:
    """Whether an attribute may stand in a method's place; hooks that were all removed do not."""
    if isinstance(value, HookedBackward):
        return bool(value.hooks)
    return callable(value) and not isinstance(value, Module)


def description(modules: Sequence[Module]) -> Key:
    """What a tape depends on, but for the arrays of parameters: modules, their attributes, their parts."""
    return tuple(
        (
            module,
            *(
                (name, description([value]) if isinstance(value, Module) else _described(value))
                for name, value in vars(module).items()
                if not name.startswith("_") and name != "training"
            ),
        )
        for module in modules
    )


def _described(value: Any) -> Any:
    """A plain value by what it is, anything else by its identity."""
    if isinstance(value, Parameter | np.ndarray | np.random.Generator):
        return id(value)
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


class Parts:
    """The parts of a container, those that can be recorded joined to chains; made anew when something has changed."""

    def __init__(self) -> None:
        self._count = -1
        self._parts: tuple[Module | Chain, ...] = ()

    def of(self, modules: Iterable[Module]) -> Sequence[Any]:
        """The parts as they are now; ``modules`` is looked at only if something may have changed."""
        if self._count != changes.count:
            count = changes.count
            before = {part.description: part for part in self._parts if isinstance(part, Chain)}
            parts: list[Module | Chain] = []
            for recordable, group in groupby(modules, is_recordable):
                if recordable:
                    chain = Chain(list(group))
                    chain = before.get(chain.description, chain)
                    chain.look()
                    parts.append(chain)
                else:
                    parts += group
            self._parts, self._count = tuple(parts), count
        return self._parts

    def __reduce__(self) -> Any:
        return Parts, ()  # a copy of the container finds its own


class Chain:
    """Layers that are all recordable.

    Parameters
    ----------
    modules : sequence of Module

    Attributes
    ----------
    modules : tuple of Module
    """

    def __init__(self, modules: Sequence[Module]) -> None:
        self.modules = tuple(modules)
        self.description = description(modules)
        self._all = [module for each in modules for _, module in each._tree("")]
        self._alone = len(set(self._all)) == len(self._all)
        self._modes: tuple[bool, ...] = ()
        self._tapes: dict[Key, Tape | bool] = {}  # before there is one: whether there can be none
        self._training = _Passes()
        self._idle: list[_Passes] = []
        self._last: Bound | None = None
        self._last_in: object | None = None

    def look(self) -> None:
        """See which parts are in training mode."""
        modes = tuple(module.training for module in self._all)
        self._modes = modes[:1] if len(set(modes)) == 1 else modes

    def __call__(self, input: Array) -> Array:
        """The output of the last layer."""
        self._last = None
        tape = self._tape(input)
        if tape is None:
            return _chain.forward(self.modules, input)
        if tape.keeps:
            current = running.current
            if current is not None and self._last_in is current:  # the memory holds an earlier use in this pass
                return _chain.forward(self.modules, input)
            self._last_in = current
            self._last = bound = self._training.bound(tape)
            return bound.forward(input)
        try:  # several threads may be here
            passes = self._idle.pop()
        except IndexError:
            passes = _Passes()
        try:
            return passes.bound(tape).forward(input)
        finally:
            self._idle.append(passes)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Run the ``backward`` of all layers, the last one first."""
        last = self._last
        if last is not None and last.ready() and type(grad_output) is np.ndarray:
            output, flags = last.tape.output, grad_output.flags
            if (
                grad_output.shape == output.shape
                and grad_output.dtype is output.dtype
                and flags.c_contiguous
                and flags.aligned
                and self._current(last.tape)
            ):
                return last.backward(grad_output, input_grad)
        return _chain.backward(self.modules, grad_output, input_grad)

    def _is_trained(self) -> bool:
        return any(module._is_trained() for module in self.modules)

    def _current(self, tape: Tape) -> bool:
        """Whether a tape still has the arrays of the parameters, and the kernels that are to compute."""
        seen = parameters.count
        if tape.seen != seen:
            if any(parameter._data is not array for parameter, array in tape.parameters.items()):
                return False
            tape.seen = seen
        return tape.ops is _backend.ops(tape.dtype)

    def _tape(self, input: Any) -> Tape | None:
        """The tape for an input, or None if the layers are to be called."""
        if type(input) is not np.ndarray or not self._alone:
            return None
        dtype, flags = input.dtype, input.flags
        if not (dtype is FLOAT32 or dtype is FLOAT64) or not (flags.c_contiguous and flags.aligned):
            return None
        keeps = running.current is not None
        if not keeps:
            if len(self._modes) > 1:
                return None
            keeps = self._modes[0]
        key = (keeps, input.shape, dtype is FLOAT32, self._modes, _config.get_float32_conv_precision())
        tapes = self._tapes
        found = tapes.get(key)
        if isinstance(found, Tape) and self._current(found):
            return found
        if found is True:
            return None
        with _recording:
            if found is None:  # met for the first time
                if len(tapes) >= MOST_TAPES:
                    del tapes[next(iter(tapes))]
                tapes[key] = False
                return None
            try:
                tape = Tape(input.shape, dtype, _backend.ops(dtype), keeps)
                tape.close(record(self.modules, tape, tape.input))
            except (Unrecordable, TypeError, ValueError):  # the layers will say what is wrong, if anything is
                tapes[key] = True
                return None
            tapes[key] = tape
            return tape


class _Passes:
    """Memory, and the tapes that are bound to it."""

    def __init__(self) -> None:
        self._memory, self._temporary = Memory(), Memory()
        self._bounds: dict[Tape, Bound] = {}

    def bound(self, tape: Tape) -> Bound:
        found = self._bounds.get(tape)
        if found is None or found.version != self._memory.version:
            if len(self._bounds) >= MOST_TAPES:
                self._bounds.clear()
            found = self._bounds[tape] = Bound(tape, self._memory, self._temporary)
        return found
