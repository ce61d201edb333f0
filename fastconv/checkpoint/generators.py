"""The random generators of a model."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._geometry import shown
from ..nn import Module

# What the C code of a bit generator reads by these indices has no other bounds.
_LARGEST = {"pos": 624, "buffer_pos": 4, "has_uint32": 1}


class Generators:
    """The generators that the modules of a model hold as attributes, such as those of `Dropout`, by dotted names.

    Parameters
    ----------
    model : Module

    Examples
    --------
    >>> from fastconv import nn
    >>> generators = Generators(nn.Sequential(nn.ReLU(), nn.Dropout(rng=0)))
    >>> [(name, state["bit_generator"]) for name, state in generators.state_dict().items()]
    [('1.rng', 'PCG64')]
    """

    def __init__(self, model: Module) -> None:
        self._found = {
            f"{name}.{key}" if name else key: value
            for name, module in model.named_modules()
            for key, value in vars(module).items()
            if isinstance(value, np.random.Generator)
        }

    def __bool__(self) -> bool:
        return bool(self._found)

    def state_dict(self) -> dict[str, Any]:
        """The state of every generator."""
        return {name: generator.bit_generator.state for name, generator in self._found.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put all generators into the states that `state_dict` gave.

        Raises
        ------
        ValueError
            `state` is of other generators; the text lists what differs. Nothing was changed.
        """
        if not isinstance(state, Mapping):
            raise ValueError(f"the states must be a dict, got {shown(state)}")
        own = self.state_dict()
        problems = [f"missing {name!r}" for name in own if name not in state]
        problems += [f"unexpected {name!r}" for name in state if name not in own]
        problems += [
            f"{name!r} is not a state of {before['bit_generator']}"
            for name, before in own.items()
            if name in state and not _alike(before, state[name])
        ]
        if problems:
            raise ValueError("; ".join(problems))
        for name, generator in self._found.items():
            generator.bit_generator.state = state[name]


def _alike(own: Any, other: Any, name: str = "") -> bool:
    """Whether a state has the parts of another, of the same kinds and sizes."""
    if isinstance(own, dict):
        return (
            isinstance(other, dict)
            and own.keys() == other.keys()
            and all(_alike(value, other[key], key) for key, value in own.items())
        )
    if isinstance(own, np.ndarray):
        return isinstance(other, np.ndarray) and other.dtype == own.dtype and other.shape == own.shape
    if isinstance(own, str):
        return bool(own == other)
    return type(other) is int and 0 <= other <= _LARGEST.get(name, 2**128 - 1)
