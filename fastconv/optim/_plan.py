"""What a step will do, found out and checked before the first parameter changes."""

from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import FLOAT32, FLOAT64, Array, DType
from fastconv._geometry import Shape
from fastconv.nn.parameter import Parameter, is_parameter_data

from ._state import State

Key = int | str
"""Name of a parameter, or its position if parameters have no names."""


class Batch(NamedTuple):
    """Parameters that one call of a kernel updates: of one group and dtype, and equally many steps old."""

    group: dict[str, Any]
    dtype: DType
    step: int
    """Number of the step that is made, from 1."""
    started: bool
    """Whether the arrays of `states` are new."""
    params: list[Array]
    grads: list[Array]
    states: dict[str, list[Array]]


class Plan:
    """A step: what kernels are called with, and what is written when they are done.

    Attributes
    ----------
    batches : dict
        In the order in which kernels are called.
    states : list
        Parameters and the states that they will have.
    copies : list
        Parameters that a kernel cannot work on, each with the copy that it works on.
    """

    __slots__ = ("batches", "copies", "states")

    def __init__(self) -> None:
        self.batches: dict[tuple[int, bool, int, bool], Batch] = {}
        self.states: list[tuple[Parameter, State]] = []
        self.copies: list[tuple[Array, Array]] = []

    def batch(self, group: dict[str, Any], dtype: DType, step: int, started: bool, buffers: dict[str, float]) -> Batch:
        """The batch that a parameter belongs to."""
        key = (id(group), dtype is FLOAT32, step, started)
        found = self.batches.get(key)
        if found is None:
            found = self.batches[key] = Batch(group, dtype, step, started, [], [], {name: [] for name in buffers})
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
    state = {name: value for name, value in old.items() if name == "step" or name in buffers}
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
