"""Modules one after the other."""

from collections.abc import Iterator, Mapping
from typing import Any, overload

from fastconv._arrays import Array
from fastconv._geometry import is_integer, shown

from .module import Module


class Sequential(Module):
    """Modules that are applied one after the other.

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
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, part in modules[0].items():
                self.add_module(name, part)
        else:
            for module in modules:
                self.append(module)  # type: ignore[arg-type]  # append refuses what is not a Module

    def append(self, module: Module) -> "Sequential":
        """Add a module at the end and return the container."""
        self.add_module(str(len(self)), module)
        return self

    def forward(self, input: Array) -> Array:
        """The output of the last module."""
        for module in self:
            input = module(input)
        return input

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Run every ``backward``, the last module first.

        With ``input_grad=False`` the first module need not compute the gradient of the input, and None is returned.
        """
        modules = list(self)
        for module in reversed(modules[1:]):
            grad_output = module.backward(grad_output)
        if not modules:
            return grad_output if input_grad else None
        if input_grad:
            return modules[0].backward(grad_output)  # type: ignore[no-any-return]
        modules[0].backward(grad_output, input_grad=False)
        return None

    def _parts(self) -> dict[str, Module]:
        """Names and modules, also of a module that stands at two places."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def __iter__(self) -> Iterator[Module]:
        return iter(self._parts().values())

    def __len__(self) -> int:
        return len(self._parts())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> "Sequential": ...
    def __getitem__(self, index: Any) -> Module:
        parts = self._parts()
        if isinstance(index, slice):
            return Sequential(dict(list(parts.items())[index]))
        return parts[self._name(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name(index), module)

    def _name(self, index: Any) -> str:
        names = list(self._parts())
        if not is_integer(index):
            raise TypeError(f"Sequential: the index must be an int or a slice, got {shown(index)}")
        # An IndexError, because Python's own protocols count on it.
        if not -len(names) <= index < len(names):
            raise IndexError(f"Sequential: the index must be within its {len(names)} modules, got {shown(index)}")
        return names[int(index)]
