"""Where numbers stopped being finite: found by doing the step once more and looking."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from ..nn import Module
from .run import Run


class _Found(Exception):
    """The first place."""


def where(run: Run) -> str:
    """The first place at which the latest step met a number that is not finite, in words.

    Asked in this order: the batch, the parameters, the outputs of layers on the way forward, the gradients on the way
    back. Gradients are lost; all else stays as it was, and random generators draw as they did in that step.
    """
    if not _finite(run.inputs):
        rows = np.flatnonzero([not np.isfinite(image).all() for image in run.inputs])
        return f"image {rows[0]} of the batch is not finite"
    for name, module in run.model.named_modules():
        for key, parameter in module.named_parameters(recurse=False):
            if not _finite(parameter.data):
                return f"the {key} of {_called(name, module)} is not finite"
    if any(getattr(module, "_across", None) is not None for module in run.model.modules()):
        return "layers were not looked at one by one, as the statistics of some are those of all ranks"
    state, generators = run.model.state_dict(), run.generators.state_dict()
    run.generators.load_state_dict(run.generators_before)
    try:
        _again(run)
    except _Found as found:
        return str(found)
    finally:
        run.generators.load_state_dict(generators)
        run.model.load_state_dict(state)
    return "the outputs of all layers and their gradients are finite"


def _again(run: Run) -> None:
    """Do the step once more, and raise at the first place."""
    run.model.zero_grad()
    with ExitStack() as hooks:
        for name, module in run.model.named_modules():
            if not any(True for _ in module.children()):
                hooks.enter_context(module.register_forward_hook(_looking_at_output(name)))
                hooks.enter_context(module.register_full_backward_hook(_looking_at_gradient(name)))
        run.loss(run.model(run.inputs), run.targets)
        gradient = run.loss.backward()
        if not _finite(gradient):
            raise _Found("the gradient of the loss is not finite")
        run.model.backward(gradient, input_grad=False)


def _looking_at_output(name: str) -> Any:
    def look(module: Module, args: tuple[Any, ...], output: Any) -> None:
        if not _finite(output):
            raise _Found(f"the output of {_called(name, module)} is not finite")

    return look


def _looking_at_gradient(name: str) -> Any:
    def look(module: Module, grad_input: tuple[Any, ...], grad_output: tuple[Any, ...]) -> None:
        own = ((f"the gradient of {key}", parameter.grad) for key, parameter in module.named_parameters())
        for what, array in (*(("the gradient of the input", array) for array in grad_input), *own):
            if array is not None and not _finite(array):
                raise _Found(f"{what} of {_called(name, module)} is not finite")

    return look


def _finite(array: Any) -> bool:
    return not isinstance(array, np.ndarray) or bool(np.isfinite(array).all())


def _called(name: str, module: Module) -> str:
    return f"{name} ({type(module).__name__})" if name else type(module).__name__
