"""Arrays that are not there yet."""

from collections.abc import Callable
from math import prod
from typing import Any

from fastconv._arrays import DType
from fastconv._geometry import Shape


class Unrecordable(Exception):
    """The layers cannot be recorded for this input: they are called instead, and raise what is to be raised."""


class Value:
    """An array of a pass: a place in memory, a view of another value, or a slot.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    base : Value, optional
        Whose memory this is.
    over : Value, optional
        Whose place this may take, if nothing reads it after the call that writes this.

    Attributes
    ----------
    root : Value
        The one that has the memory.
    slot : bool
        The array comes from outside, another one in every pass.
    pinned : bool
        Kept until the next forward pass.
    """

    __slots__ = ("dtype", "over", "pinned", "root", "shape", "slot")

    def __init__(self, shape: Shape, dtype: DType, base: "Value | None" = None, over: "Value | None" = None) -> None:
        self.shape, self.dtype, self.over = shape, dtype, over
        self.root: Value = self if base is None else base.root
        self.slot = self.pinned = False

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return prod(self.shape) * self.dtype.itemsize


class Later:
    """A value of the saved ones that a pass does not compute: the function that does, if it is asked for."""

    __slots__ = ("function", "value")

    def __init__(self, function: Callable[[Any], Any], value: Value) -> None:
        self.function, self.value = function, value


class Box:
    """A place for an object that one call leaves for others, such as the mask of dropout."""

    __slots__ = ("content",)

    content: Any
