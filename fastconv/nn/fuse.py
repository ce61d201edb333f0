"""A model for inference: normalisation folded into the layer before it, and what does nothing left out."""

import copy
from collections import Counter
from typing import Any, TypeVar

import numpy as np

from fastconv._geometry import shown

from .batch_norm import BatchNorm1d, BatchNorm2d, _BatchNorm
from .conv2d import Conv2d
from .dropout import Dropout
from .identity import Identity
from .linear import Linear
from .module import Module
from .parameter import Parameter
from .sequential import Sequential

AnyModule = TypeVar("AnyModule", bound=Module)

FOLDS: dict[type[Module], type[_BatchNorm]] = {Conv2d: BatchNorm2d, Linear: BatchNorm1d}
"""Layers whose first axis of the weight is that of the outputs, and the normalisation that may follow them."""


def fuse(model: AnyModule) -> AnyModule:
    r"""Return a copy for inference that computes the same with fewer layers.

    Wherever modules follow each other in a `Sequential`, also in one that stands in another, in a `Residual`, in a
    `Concat` or in a module of your own, or in what a module calls `Module.fusible`, batch normalisation with running
    statistics is folded into a `Conv2d` or `Linear` before it:

    .. math:: w'_k = \frac{\gamma_k}{\sqrt{\sigma_k^2 + \epsilon}} w_k \qquad
        b'_k = \frac{\gamma_k}{\sqrt{\sigma_k^2 + \epsilon}} (b_k - \mu_k) + \beta_k

    and `Dropout`, `Dropout2d` and `Identity` are left out; in a `fusible` module, which calls its parts by name, an
    `Identity` takes the place. Layers that stay keep their names.

    A layer that stands at several places, and one with a hook between it and the normalisation, stay as they are.
    Outputs of `Linear` before a `BatchNorm1d` are taken to be 2-D.

    Parameters
    ----------
    model : Module
        Not changed.

    Returns
    -------
    Module
        In eval mode, without gradients; of the model's type, or what is left of a model that is a single layer.

    Raises
    ------
    TypeError
        `model` is not a Module.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False, rng=0), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout())
    >>> nn.fuse(net)
    Sequential(
      (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
      (2): ReLU()
    )
    """
    if not isinstance(model, Module):
        raise TypeError(f"fuse: model must be a Module, got {type(model).__name__} {shown(model)}")
    result = inference_copy(model)
    uses = Counter(id(module) for _, module in result._tree(""))
    _fuse(result, {module for module in result.modules() if uses[id(module)] > 1}, set())
    return result


def inference_copy(model: AnyModule) -> AnyModule:
    """A copy in eval mode, without gradients and what the passes of training left behind."""
    memo: dict[int, Any] = {id(module.__dict__["_saved"]): [] for module in model.modules()}
    memo |= {id(p.grad): None for p in model.parameters() if p.grad is not None}
    return copy.deepcopy(model, memo).eval()


def _fuse(module: Module, shared: set[Module], done: set[Module]) -> None:
    """Change a module and its parts in place."""
    if module in done:
        return
    done.add(module)
    parts = {name: part for name, part in vars(module).items() if isinstance(part, Module)}
    for part in parts.values():
        _fuse(part, shared, done)
    for chain in _chains(module):
        before: Module | None = None
        for name in chain:
            part = parts[name]
            if type(part) in (Dropout, *Dropout.__subclasses__(), Identity) and not _hooked(part):
                _leave_out(module, name)
            elif before is not None and _foldable(before, part, shared):
                _fold(before, part)
                _leave_out(module, name)
            else:
                before = _last(part, shared)


def _chains(module: Module) -> list[list[str]]:
    """Names of the parts that follow each other, where nothing else looks at what goes from one to the next."""
    parts = [name for name, part in vars(module).items() if isinstance(part, Module)]
    for kind in type(module).__mro__:
        if kind is Sequential:
            return [parts]
        if "fusible" in vars(kind):
            return [[name for name in chain if name in parts] for chain in vars(kind)["fusible"]]
        if "forward" in vars(kind):  # what a base says of its own forward need not be true of this one
            break
    return []


def _leave_out(module: Module, name: str) -> None:
    """Take a part out of a `Sequential`; elsewhere let it do nothing."""
    if type(module).forward is Sequential.forward:
        delattr(module, name)
    else:
        setattr(module, name, Identity().eval())


def _last(module: Module, shared: set[Module]) -> Module | None:
    """The layer whose output is that of the module; None if something may look at it on the way."""
    if type(module).forward is not Sequential.forward:
        return module
    parts = [part for part in vars(module).values() if isinstance(part, Module)]
    return _last(parts[-1], shared) if parts and module not in shared and not _hooked(module) else None


def _foldable(layer: Module, norm: Any, shared: set[Module]) -> bool:
    return (
        FOLDS.get(type(layer)) is type(norm)
        and norm.running_mean is not None
        and norm.running_var is not None
        and layer not in shared
        and not (_hooked(layer) or _hooked(norm))
        and layer.get_parameter("weight").shape[0] == norm.num_features
    )


def _hooked(module: Module) -> bool:
    hooks = vars(module).get("backward")
    return bool(module._before or module._after or (hooks is not None and hooks.hooks))


def _fold(layer: Any, norm: Any) -> None:
    """Give a layer what is left to the normalisation behind it, computed in float64."""
    weight = layer.weight.data
    wide = np.float64
    with np.errstate(all="ignore"):
        scale = 1 / np.sqrt(norm.running_var.astype(wide) + norm.eps)
        if norm.weight is not None:
            scale *= norm.weight.data
        bias = ((0 if layer.bias is None else layer.bias.data) - norm.running_mean.astype(wide)) * scale
        if norm.bias is not None:
            bias += norm.bias.data
        each = scale.reshape(-1, *[1] * (weight.ndim - 1))
        layer.weight = Parameter((weight * each).astype(weight.dtype), layer.weight.requires_grad)
        layer.bias = Parameter(bias.astype(weight.dtype), layer.weight.requires_grad)
