"""What the layers of a model make of an image."""

from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import shown
from fastconv._summary.observation import evaluating
from fastconv.nn import Dropout, Dropout2d, Flatten, Identity, Module, Unflatten

# In eval mode their output has the numbers of their input.
HAND_ON = (Dropout, Dropout2d, Flatten, Identity, Unflatten)


class LayerOutput(NamedTuple):
    """The output of one call of one layer."""

    name: str
    kind: str
    output: Array

    @property
    def title(self) -> str:
        """For a person: name, kind and sizes."""
        sizes = " × ".join(map(str, self.output.shape[1:]))
        return f"{self.name} ({self.kind}) {sizes}" if self.name else f"{self.kind} {sizes}"


def check_model(function: str, model: Any) -> None:
    """Refuse what is not a Module."""
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {shown(model)}")


def layer_outputs(model: Module, images: Array) -> list[LayerOutput]:
    """Outputs of all layers in the order of their calls, in eval mode; the model is left as it was.

    A layer is a module without parts; those that only hand on or reshape what they get are left out. Of several calls
    of one layer, the second has " (2)" behind its name.
    """
    found: list[LayerOutput] = []
    calls: dict[str, int] = {}
    with evaluating(model), ExitStack() as hooks:
        for name, module in model.named_modules():
            if isinstance(module, HAND_ON) or any(module.children()):
                continue

            def keep(module: Module, args: tuple[Any, ...], output: Any, name: str = name) -> None:
                if not isinstance(output, np.ndarray) or output.ndim < 2:
                    return
                calls[name] = calls.get(name, 0) + 1
                called = name if calls[name] == 1 else f"{name} ({calls[name]})"
                # A copy, as a layer that works in place may come next.
                found.append(LayerOutput(called, type(module).__name__, output.copy()))

            hooks.enter_context(module.register_forward_hook(keep))
        model(images)
    return found
