"""What containers with numbered parts share: access, insertion and removal by place."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from fastconv._geometry import is_integer, shown

from .module import Module


class Parts(Module):
    """Base: the parts in order, each under its name, which is its number unless it was given another."""

    def append(self, module: Module) -> Self:
        """Add a module at the end and return the container."""
        parts = self._parts()
        number = len(parts)
        while str(number) in parts:  # where names are not the numbers of their places
            number += 1
        self.add_module(str(number), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end and return the container.

        Raises
        ------
        TypeError
            `modules` is not an iterable of modules.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(f"{type(self).__name__}.extend: modules must be an iterable, got {shown(modules)}")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at `index`, number the parts anew and return the container.

        Raises
        ------
        TypeError
            `index` is not an int, or `module` not a Module.
        IndexError
            `index` is outside.
        ValueError
            The parts have names, which insertion would not know how to go on with.
        """
        kind, parts = type(self).__name__, self._parts()
        if not is_integer(index):
            raise TypeError(f"{kind}.insert: index must be an int, got {shown(index)}")
        if not isinstance(module, Module):
            raise TypeError(f"{kind}.insert: module must be a Module, got {type(module).__name__} {shown(module)}")
        if not -len(parts) <= index <= len(parts):
            raise IndexError(f"{kind}.insert: index must be within its {len(parts)} modules, got {shown(index)}")
        if not _numbered(parts):
            raise ValueError(f"{kind}.insert: the modules must be numbered, not named, got {shown(list(parts))}")
        modules = list(parts.values())
        modules.insert(index, module)
        self._replace(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Remove the module at `index` and return it."""
        module = self._parts()[self._name(index)]
        del self[index]
        return module

    def _parts(self) -> dict[str, Module]:
        """Names and modules, also of a module that stands at two places."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def _replace(self, modules: list[Module]) -> None:
        """Hold these modules, numbered."""
        for name in self._parts():
            delattr(self, name)
        self.extend(modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._parts().values())

    def __len__(self) -> int:
        return len(self._parts())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: Any) -> Any:
        parts = self._parts()
        if isinstance(index, slice):
            return self._selection(dict(list(parts.items())[index]))
        return parts[self._name(index)]

    def _selection(self, parts: dict[str, Module]) -> Any:
        """A container of some of the parts."""
        raise NotImplementedError

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        parts = self._parts()
        names = list(parts)[index] if isinstance(index, slice) else [self._name(index)]
        numbered = _numbered(parts)
        for name in names:
            delattr(self, name)
        if numbered:
            self._replace(list(self))

    def _name(self, index: Any) -> str:
        kind, names = type(self).__name__, list(self._parts())
        if not is_integer(index):
            raise TypeError(f"{kind}: the index must be an int or a slice, got {shown(index)}")
        # An IndexError, because Python's own protocols count on it.
        if not -len(names) <= index < len(names):
            raise IndexError(f"{kind}: the index must be within its {len(names)} modules, got {shown(index)}")
        return names[int(index)]


def _numbered(parts: dict[str, Module]) -> bool:
    """Whether the names are "0", "1", ..."""
    return list(parts) == [str(number) for number in range(len(parts))]


def set_parts(container: Module, modules: tuple[Any, ...]) -> None:
    """Set the parts that a constructor was given: numbered modules, or one mapping of names to modules."""
    if len(modules) == 1 and isinstance(modules[0], Mapping):
        for name, module in modules[0].items():
            container.add_module(name, module)
    else:
        for number, module in enumerate(modules):
            container.add_module(str(number), module)
