"""The random generators of a model."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._generator import plain_state, set_state
from .._geometry import shown
from ..nn import Module


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

    def jump(self, times: int) -> None:
        """Move every generator so far ahead that it does not draw what it would have drawn, `times` times.

        What cannot be moved, such as SFC64, stays where it is.
        """
        for generator in self._found.values():
            jumped: Any = getattr(generator.bit_generator, "jumped", None)
            if jumped is not None and times:
                generator.bit_generator.state = jumped(times).state

    def state_dict(self) -> dict[str, Any]:
        """The state of every generator, in JSON values."""
        return {name: plain_state(generator) for name, generator in self._found.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put all generators into the states that `state_dict` gave.

        Raises
        ------
        ValueError
            `state` is of other generators; the text lists what differs. Nothing was changed.
        """
        if not isinstance(state, Mapping):
            raise ValueError(f"the states must be a dict, got {shown(state)}")
        before = self.state_dict()
        problems = [f"missing {name!r}" for name in before if name not in state]
        problems += [f"unexpected {name!r}" for name in state if name not in before]
        for name, generator in self._found.items():
            if name in state:
                try:
                    set_state(generator, state[name])
                except ValueError as error:
                    problems.append(f"{name!r}: {error}")
        if problems:
            self.load_state_dict(before)
            raise ValueError("; ".join(problems))
