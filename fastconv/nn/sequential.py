"""Modules one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastconv._arrays import Array

from . import _chain, _tape
from ._parts import Parts, set_parts
from .module import Module


class Sequential(Parts):
    """Modules that are applied one after the other, as ``torch.nn.Sequential``.

    Parameters
    ----------
    *modules : Module
        Named ``"0"``, ``"1"``, ...; or one mapping of names to modules.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
    >>> net(np.ones((5, 3), np.float32)).shape
    (5, 2)
    >>> net.backward(np.ones((5, 2), np.float32)).shape
    (5, 3)
    >>> list(net.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> net[1]
    ReLU()
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        set_parts(self, modules)

    def forward(self, input: Array) -> Array:
        """The output of the last module."""
        return _chain.forward(self._joined_parts(), input)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Run every ``backward``, the last module first.

        With ``input_grad=False`` the first module that is trained need not compute the gradient of its input, those
        before it are left out, and None is returned.
        """
        parts = self._joined_parts()
        if len(parts) == 1 and isinstance(parts[0], _tape.Chain):
            return parts[0].backward(grad_output, input_grad=input_grad)
        return _chain.backward(parts, grad_output, input_grad)

    def _joined_parts(self) -> Sequence[Any]:
        """The parts, those that can be recorded joined."""
        state = vars(self)
        joined: _tape.Parts | None = state.get("_joined")
        if joined is None:
            joined = state["_joined"] = _tape.Parts()
        return joined.of(self)

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        return _tape.record(list(self), tape, input)

    def _selection(self, parts: dict[str, Module]) -> "Sequential":
        return Sequential(parts)
