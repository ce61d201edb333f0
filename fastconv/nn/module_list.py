"""A list of modules."""

from collections.abc import Iterable
from itertools import groupby

from fastconv._geometry import shown

from ._parts import Parts
from .module import Module


class ModuleList(Parts):
    """Modules in a list, for a module that calls them in its own way, as ``torch.nn.ModuleList``.

    Parameters
    ----------
    modules : iterable of Module
        Named ``"0"``, ``"1"``, ...

    Examples
    --------
    >>> from fastconv import nn
    >>> layers = nn.ModuleList(nn.Linear(3, 3, rng=seed) for seed in range(2))
    >>> layers
    ModuleList(
      (0-1): 2 x Linear(in_features=3, out_features=3, bias=True)
    )
    >>> list(layers.state_dict())
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList: modules must be an iterable of Modules, got {shown(modules)}")
        self.extend(modules)

    def _selection(self, parts: dict[str, Module]) -> "ModuleList":
        return ModuleList(parts.values())

    def __repr__(self) -> str:
        lines = []
        for text, run in groupby(self._parts().items(), lambda part: repr(part[1])):
            names = [name for name, _ in run]
            key, times = (f"{names[0]}-{names[-1]}", f"{len(names)} x ") if len(names) > 1 else (names[0], "")
            lines.append(f"({key}): {times}{text}".replace("\n", "\n  "))
        return "ModuleList(" + "".join(f"\n  {line}" for line in lines) + ("\n)" if lines else ")")
