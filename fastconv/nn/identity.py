"""The layer that does nothing."""

from typing import Any

from fastconv._arrays import Array

from . import _tape
from .module import Module


class Identity(Module):
    """The input, as ``torch.nn.Identity``; a place where something else may stand.

    Parameters
    ----------
    *args, **kwargs
        Ignored, so that any layer's arguments will do.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Identity()(np.array([1.0, 2.0]))
    array([1., 2.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Array) -> Array:
        """The input itself."""
        return input

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the output itself."""
        return grad_output if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return input
