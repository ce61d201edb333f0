"""What a step will do, found out and checked before the first parameter changes."""

from collections.abc import Mapping
from operator import is_
from typing import Any
from weakref import ref

import numpy as np

from fastconv import _watch
from fastconv._arrays import FLOAT32, FLOAT64, Array, DType
from fastconv._geometry import Shape
from fastconv.nn.parameter import Parameter, is_parameter_data

from ._state import State, Watched, set_silently

_SMALLEST_FLOAT32 = 2.0**-149

Key = int | str
"""Name of a parameter, or its position if parameters have no names."""


class Batch:
    """Parameters that one call of a kernel updates: of one group and dtype, and equally many steps old.

    Attributes
    ----------
    step : int
        Number of the step that is made, from 1.
    started : bool
        Whether the arrays of `states` are new.
    params, grads : list of array
    states : dict of list of array
    """

    __slots__ = ("dtype", "grads", "group", "params", "started", "states", "step")

    def __init__(
        self, group: dict[str, Any], dtype: DType, step: int, started: bool, states: dict[str, list[Array]]
    ) -> None:
        self.group, self.dtype, self.step, self.started = group, dtype, step, started
        self.params: list[Array] = []
        self.grads: list[Array] = []
        self.states = states

    @property
    def eps(self) -> float:
        """The group's `eps`, which is not rounded to 0: a gradient of 0 must not become 0 / 0."""
        eps: float = self.group["eps"]
        return max(eps, _SMALLEST_FLOAT32) if self.dtype is FLOAT32 else eps


class Routine:
    """The batch of a group whose last step was as simple as can be: what need not be found out again.

    That is: one batch of all parameters, each of which a kernel can work on as it is. The arrays of parameters and
    states are known; gradients come anew in every step, and are not held in between.

    Parameters
    ----------
    known : dict
        States of parameters, as the optimizer holds them.
    batch : Batch
    parameters : list of Parameter
    states : list of State
        In the same order.
    """

    __slots__ = ("_batch", "_grads", "_known", "_options", "_parameters", "_seen", "_states", "_step")

    def __init__(
        self, known: Mapping[Parameter, State], batch: Batch, parameters: list[Parameter], states: list[State]
    ) -> None:
        self._known, self._parameters, self._states = known, parameters, states
        self._batch, self._step = batch, batch.step
        self._grads: list[Any] = [ref(grad) for grad in batch.grads]
        self._options = options(batch.group)
        self._seen = (-1, -1)

    def knows(self, group: dict[str, Any]) -> bool:
        """Whether the hyper-parameters are the very objects that were checked, none of which can change."""
        known = self._options
        return known is not None and len(known) == len(group) and all(map(is_, known, group.values()))

    def repeat(self, plan: "Plan", group: dict[str, Any], known: Mapping[Parameter, State], buffers: Any) -> bool:
        """Plan the next step, if nothing has changed but what gradients and parameters hold."""
        batch = self._batch
        if known is not self._known or group["params"] != self._parameters or buffers.keys() != batch.states.keys():
            return False
        now = _watch.parameters.count, _watch.states.count
        if now != self._seen:
            if not self._unchanged():
                return False
            self._seen = now
        grads: list[Any] = [parameter.grad for parameter in self._parameters]
        for grad, data in zip(grads, batch.params, strict=True):
            if grad is None or not data.flags.writeable:
                return False
        if not all(map(is_, grads, [seen() for seen in self._grads])):
            if not all(map(alone, grads, batch.params)):
                return False
            self._grads = [ref(grad) for grad in grads]
        batch.step, batch.grads = self._step + 1, grads
        plan.repeated.append(self)
        plan.batches[id(group), batch.dtype is FLOAT32, batch.step, False] = batch
        return True

    def _unchanged(self) -> bool:
        """Whether parameters and states have the arrays that they had, and the steps were counted here."""
        known, arrays = self._known, self._batch.states
        for i, (parameter, data, state) in enumerate(
            zip(self._parameters, self._batch.params, self._states, strict=True)
        ):
            if parameter._data is not data or known.get(parameter) is not state or state.get("step") != self._step:
                return False
            if type(state) is not Watched or any(state.get(name) is not arrays[name][i] for name in arrays):
                return False
        return type(known) is Watched

    def advance(self) -> None:
        """Count the step."""
        self._step = step = self._step + 1
        for state in self._states:
            set_silently(state, "step", step)


def options(group: dict[str, Any]) -> tuple[Any, ...] | None:
    """The values of a group, if those that are hyper-parameters are numbers, flags or tuples of numbers."""
    for name, value in group.items():
        parts = value if type(value) is tuple else (value,)
        if name not in ("params", "param_names") and not all(type(part) in (float, int, bool) for part in parts):
            return None
    return tuple(group.values())


class Routines(dict[int, Routine]):
    """Routines by the identity of their groups; a copy of an optimizer finds its own."""

    def __reduce__(self) -> Any:
        return Routines, ()


def alone(grad: Any, data: Array) -> bool:
    """Whether a kernel can take an array as the gradient of a parameter: laid out as that, in memory of its own."""
    return (
        type(grad) is np.ndarray
        and grad.dtype is data.dtype
        and grad.shape == data.shape
        and grad.flags.carray
        and grad.base is None
        and grad is not data
    )


class Plan:
    """A step: what kernels are called with, and what is written when they are done.

    Attributes
    ----------
    batches : dict
        In the order in which kernels are called.
    states : list
        Parameters and the states that they will have.
    repeated : list
        Routines, which have states of their own.
    copies : list
        Parameters that a kernel cannot work on, each with the copy that it works on.
    """

    __slots__ = ("batches", "copies", "repeated", "states")

    def __init__(self) -> None:
        self.batches: dict[tuple[int, bool, int, bool], Batch] = {}
        self.states: list[tuple[Parameter, State]] = []
        self.repeated: list[Routine] = []
        self.copies: list[tuple[Array, Array]] = []

    def batch(self, group: dict[str, Any], dtype: DType, step: int, started: bool, buffers: dict[str, float]) -> Batch:
        """The batch that a parameter belongs to."""
        key = (id(group), dtype is FLOAT32, step, started)
        found = self.batches.get(key)
        if found is None:
            found = self.batches[key] = Batch(group, dtype, step, started, {name: [] for name in buffers})
        return found


def native(array: Array) -> DType:
    """float32 or float64 in the machine's byte order."""
    return FLOAT32 if array.dtype.type is np.float32 else FLOAT64


def plain(array: Array) -> bool:
    """Whether a kernel can work on the array itself."""
    return array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative


def fits(state: State, buffers: dict[str, float], shape: Shape, dtype: DType) -> bool:
    """Whether a kernel can work on the arrays of a state as they are."""
    if len(state) != len(buffers) + 1:
        return False
    for name in buffers:
        array = state.get(name)
        if array is None or array.shape != shape or array.dtype is not dtype or not array.flags.carray:
            return False
    return True


def check_gradient(function: str, key: Key, data: Array, grad: Any) -> None:
    """Raise TypeError or ValueError if `grad` is no gradient of `data`."""
    if not is_parameter_data(grad):
        came = f"dtype {grad.dtype}" if isinstance(grad, np.ndarray) else type(grad).__name__
        raise TypeError(f"{function}: the gradient of parameter {key!r} must be a {data.dtype} array, got {came}")
    if grad.dtype.type is not data.dtype.type:
        raise TypeError(
            f"{function}: the gradient of parameter {key!r} must be {data.dtype} as the parameter, got {grad.dtype}"
        )
    if grad.shape != data.shape:
        raise ValueError(
            f"{function}: the gradient of parameter {key!r} must have its shape {data.shape}, got {grad.shape}"
        )
    if not data.flags.writeable:
        raise ValueError(f"{function}: parameter {key!r} is read-only")


def state_of(function: str, key: Key, data: Array, old: State | None, buffers: dict[str, float]) -> State:
    """The state that an update needs: what `old` has of it, without what options need no more, and new arrays."""
    old = {"step": 0} if old is None else old
    state: State = Watched({name: value for name, value in old.items() if name == "step" or name in buffers})
    for name, value in buffers.items():
        if name not in state:
            state[name] = np.full(data.shape, value, native(data))
        elif state[name].shape != data.shape or state[name].dtype.type is not data.dtype.type:
            raise ValueError(
                f"{function}: {name} of parameter {key!r} is {state[name].dtype} of shape {state[name].shape}, "
                f"but the parameter became {data.dtype} of shape {data.shape}"
            )
        elif not (plain(state[name]) and state[name].flags.writeable):
            state[name] = np.array(state[name], native(data), order="C")
    return state
