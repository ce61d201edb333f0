"""Models of torch as models of fastconv, and back.

What the constructor of a layer takes stands in attributes of the same names, on both sides; so a layer is made by
calling the constructor of its counterpart. Weights, buffers and the flags ``training`` and ``requires_grad`` are
copied. Layers and parameters that stand at several places do so in the copy.

>>> import torch
>>> from fastconv import nn
>>> model = nn.Module.from_torch(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()))
>>> model
Sequential(
  (0): Linear(in_features=3, out_features=2, bias=True)
  (1): ReLU()
)
>>> model.to_torch()[0].weight.shape
torch.Size([2, 3])
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from fastconv import nn
from fastconv._geometry import shown

from ._tensors import array, unserved
from .counterparts import LAYERS, OURS, THEIRS
from .replacement import HOOKS

OUR_HOOKS = ("_before", "_after")
NO_OPTIONS = ("self", "args", "kwargs", "device", "dtype", "rng")
"""Arguments of constructors that are nothing to copy: dtypes come with the weights."""


def from_torch(module: Any) -> nn.Module:
    """`fastconv.nn.Module.from_torch`."""
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"from_torch: module must be a torch.nn.Module, got {shown(module)}")
    return _Conversion("from_torch", THEIRS, ("forward",)).convert(module, "")  # type: ignore[no-any-return]


def to_torch(module: nn.Module) -> Any:
    """`fastconv.nn.Module.to_torch`."""
    return _Conversion("to_torch", OURS, ("forward", "backward")).convert(module, "")


class _Conversion:
    """One call of a function: classes with counterparts, the methods that tell whether a derived class is one of them
    still, and what was converted so far, by identity."""

    def __init__(self, function: str, counterparts: dict[type, type], methods: tuple[str, ...]) -> None:
        self.function, self.counterparts, self.methods = function, counterparts, methods
        self.done: dict[int, Any] = {}

    def convert(self, source: Any, path: str) -> Any:
        """The counterpart of a module; the same again for one that was met before."""
        if id(source) not in self.done:
            refusal = partial(_refusal, self.function, source, path)
            kind = self._kind(source, refusal)
            counterpart = self.counterparts[kind]
            if kind.__name__ in LAYERS:
                target = _constructed(source, kind, counterpart, refusal)
            else:
                target = counterpart.__new__(counterpart) if issubclass(counterpart, nn.Module) else counterpart()
                for name in (*getattr(kind, "settings", ()), *getattr(counterpart, "settings", ())):
                    if not _is_module(getattr(source, name)):  # a block's: a number, or None for a part that it lacks
                        setattr(target, name, getattr(source, name))
            self._copy_state(source, target, refusal)
            for name, part in _parts(source):
                target.add_module(name, self.convert(part, f"{path}.{name}" if path else name))
            target.training = source.training
            self.done[id(source)] = target
        return self.done[id(source)]

    def _kind(self, source: Any, refusal: Callable[..., Exception]) -> type:
        """The class with a counterpart that a module is of."""
        kind = next((kind for kind in type(source).__mro__ if kind in self.counterparts), None)
        if kind is None:
            raise refusal(TypeError, "a class without a counterpart; weights alone go by state_dict, load_state_dict")
        own, methods = vars(source), " or ".join(self.methods)
        if any(getattr(type(source), method) is not getattr(kind, method) for method in self.methods):
            raise refusal(TypeError, f"a class of its own, with another {methods} than {kind.__name__}")
        if any(own.get(hooks) for hooks in (*HOOKS, *OUR_HOOKS)):
            raise refusal(TypeError, "it has hooks, which cannot be converted")
        if any(method in own for method in self.methods):
            raise refusal(TypeError, f"its {methods} was replaced")
        return kind

    def _copy_state(self, source: Any, target: Any, refusal: Callable[..., Exception]) -> None:
        """Parameters and buffers of a module itself, after names and shapes were compared."""
        for kind in ("parameters", "buffers"):
            given, expected = (dict(getattr(m, f"named_{kind}")(recurse=False)) for m in (source, target))
            if given.keys() != expected.keys():
                names = [", ".join(values) or "none" for values in (given, expected)]
                raise refusal(ValueError, f"its {kind} are {names[0]}, those of its counterpart {names[1]}")
            for name, value in given.items():
                problem = _problem(value)
                if problem is not None:
                    raise refusal(TypeError, f"{name} {problem}")
                if tuple(value.shape) != tuple(expected[name].shape):
                    shapes = tuple(value.shape), tuple(expected[name].shape)
                    raise refusal(ValueError, f"{name} has shape {shapes[0]} where its options make it {shapes[1]}")
                if id(value) not in self.done:
                    self.done[id(value)] = _copied(value)
                setattr(target, name, self.done[id(value)])


def _refusal(function: str, source: Any, path: str, error: type[Exception], text: str) -> Exception:
    """An error that names the module."""
    return error(f"{function}: {path or 'the model itself'} ({type(source).__name__}): {text}")


def _is_module(value: Any) -> bool:
    return isinstance(value, nn.Module | torch.nn.Module)


def _parts(module: Any) -> list[tuple[str, Any]]:
    """Names and modules of the direct parts, also of one that stands twice."""
    parts = module._modules if isinstance(module, torch.nn.Module) else vars(module)
    return [(name, part) for name, part in parts.items() if _is_module(part)]


def _constructed(source: Any, kind: type, counterpart: type, refusal: Callable[..., Exception]) -> Any:
    """A layer with the options of another, which are its attributes."""
    own, wanted = (
        {name: argument.default for name, argument in inspect.signature(init).parameters.items()}
        for init in (kind.__init__, counterpart.__init__)  # type: ignore[misc]
    )
    options: dict[str, Any] = {"device": "meta"} if "device" in wanted else {}  # there torch draws no first weights
    for name in own:
        if name in NO_OPTIONS or not hasattr(source, name):
            continue
        value = getattr(source, name)
        if name == "bias":
            options |= {"bias": value is not None} if "bias" in wanted else {}
        elif name in wanted:
            options[name] = value
        elif value != own[name]:
            raise refusal(ValueError, f"{name}={shown(value)} has no counterpart")
    padding = options.get("padding")
    if isinstance(padding, tuple) and any(isinstance(side, tuple) for side in padding):
        raise refusal(ValueError, f"padding={padding} has no counterpart: torch pads both sides alike")
    try:
        return counterpart(**options)
    except (TypeError, ValueError) as error:
        raise refusal(ValueError, str(error)) from error


def _problem(value: Any) -> str | None:
    """Why a parameter or buffer cannot be copied."""
    if not isinstance(value, torch.Tensor):
        return None
    return unserved(value) if value.is_floating_point() or not value.is_cpu else None


def _copied(value: Any) -> Any:
    """A parameter or buffer of the other library with the same values."""
    if isinstance(value, torch.Tensor):
        values = np.array(array(value), order="C")
        return nn.Parameter(values, value.requires_grad) if isinstance(value, torch.nn.Parameter) else values
    values = np.array(value, value.dtype.newbyteorder("="), order="C")
    tensor = torch.from_numpy(values)
    return torch.nn.Parameter(tensor, value.requires_grad) if isinstance(value, nn.Parameter) else tensor
