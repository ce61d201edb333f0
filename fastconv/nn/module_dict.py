"""Modules by name."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from fastconv._geometry import shown

from .module import Module


class ModuleDict(Module):
    """Modules by name, for a module that calls them in its own way, as ``torch.nn.ModuleDict``.

    Parameters
    ----------
    modules : mapping of str to Module, or iterable of pairs, optional

    Examples
    --------
    >>> from fastconv import nn
    >>> heads = nn.ModuleDict({"class": nn.Linear(8, 10, rng=0), "age": nn.Linear(8, 1, rng=1)})
    >>> heads["age"]
    Linear(in_features=8, out_features=1, bias=True)
    >>> list(heads), "sex" in heads
    (['class', 'age'], False)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        if modules is not None:
            self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Set several parts.

        Raises
        ------
        TypeError
            `modules` is neither a mapping nor an iterable of pairs, or has something else than Modules.
        """
        if not isinstance(modules, Mapping | Iterable):
            raise TypeError(f"ModuleDict.update: modules must be a mapping, got {shown(modules)}")
        pairs: Any = modules.items() if hasattr(modules, "items") else modules
        for pair in pairs:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"ModuleDict.update: modules must be pairs of a name and a Module, got {shown(pair)}")
            self.add_module(*pair)

    def _parts(self) -> dict[str, Module]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._parts().keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._parts().values()

    def items(self) -> ItemsView[str, Module]:
        """Pairs of name and module."""
        return self._parts().items()

    def pop(self, key: str) -> Module:
        """Remove the module of a name and return it."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Remove all modules."""
        for name in self.keys():
            delattr(self, name)

    def __getitem__(self, key: str) -> Module:
        return self._parts()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        _ = self[key]  # a KeyError also for other attributes
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._parts())

    def __contains__(self, key: object) -> bool:
        return key in self._parts()
