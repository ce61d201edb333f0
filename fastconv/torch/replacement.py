"""Models of torch, computed by fastconv where it can."""

from typing import NamedTuple

import torch

from fastconv._geometry import shown

from . import layers
from ._tensors import unserved

SERVED: dict[type[torch.nn.Module], type[torch.nn.Module]] = {
    getattr(torch.nn, name): getattr(layers, name)
    for name in ("Conv2d", "ConvTranspose2d", "Linear", "MaxPool2d", "AvgPool2d")
}
HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


class Replacement(NamedTuple):
    """What `replace_layers` did: names of modules, the model's own being ``""``.

    Attributes
    ----------
    swapped : dict of str
        Name and class of each layer that fastconv computes now.
    left : dict of str
        Name of each layer that was left as it was, and why.
    """

    swapped: dict[str, str]
    left: dict[str, str]

    def __str__(self) -> str:
        width = max((len(_shown(name)) for name in (*self.swapped, *self.left)), default=0)
        lines = []
        for title, entries in (("computed by fastconv", self.swapped), ("left to torch", self.left)):
            lines.append(f"{title}: {len(entries) or 'none'}")
            lines += [f"  {_shown(name):{width}}  {text}" for name, text in entries.items()]
        return "\n".join(lines)


def _shown(name: str) -> str:
    """A name as it is printed."""
    return name or "the model itself"


def replace_layers(model: torch.nn.Module, *, quiet: bool = False) -> Replacement:
    """Let fastconv compute the layers of a torch model that it can, in place.

    Layers of exactly the classes ``torch.nn.Conv2d``, ``ConvTranspose2d``, ``Linear``, ``MaxPool2d`` and ``AvgPool2d``
    become those of `fastconv.torch`. They stay the same objects with the same parameters: optimizers, references to
    layers and the ``state_dict`` are not affected. Left are layers with hooks, those of derived classes, and those
    whose parameters are not on the CPU or neither float32 nor float64.

    Parameters
    ----------
    model : torch.nn.Module
    quiet : bool
        Do not print what was swapped and what was left.

    Returns
    -------
    Replacement
        ``swapped`` and ``left``, by name; its text is what is printed.

    Raises
    ------
    TypeError
        `model` is not a torch module, or `quiet` not a bool.

    Examples
    --------
    >>> import torch, fastconv.torch
    >>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 6, 5), torch.nn.ReLU(), torch.nn.Conv2d(6, 16, 5).half())
    >>> fastconv.torch.replace_layers(model).left
    computed by fastconv: 1
      0  Conv2d
    left to torch: 1
      2  Conv2d: weight must be float32 or float64, got torch.float16: use .float()
    {'2': 'Conv2d: weight must be float32 or float64, got torch.float16: use .float()'}
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"replace_layers: model must be a torch.nn.Module, got {shown(model)}")
    if not isinstance(quiet, bool):
        raise TypeError(f"replace_layers: quiet must be a bool, got {shown(quiet)}")
    result = Replacement({}, {})
    for name, module in model.named_modules():
        if not isinstance(module, tuple(SERVED)) or type(module) in SERVED.values():
            continue
        kind = type(module).__name__
        reason = _obstacle(module)
        if reason is None:
            module.__class__ = SERVED[type(module)]  # as torch's parametrizations do
            result.swapped[name] = kind
        else:
            result.left[name] = f"{kind}: {reason}"
    if not quiet:
        print(result)
    return result


def _obstacle(module: torch.nn.Module) -> str | None:
    """Why a layer cannot be swapped; None if it can."""
    if type(module) not in SERVED:
        return "a class of its own, whose forward may do something else"
    if "forward" in vars(module):
        return "its forward was replaced"
    if any(getattr(module, hooks) for hooks in HOOKS):
        return "it has hooks, which may count on how torch computes it"
    problems = ((name, unserved(tensor)) for name, tensor in module.named_parameters(recurse=False))
    return next((f"{name} {problem}" for name, problem in problems if problem is not None), None)
