"""Functions that run before or after a module, and the way to take them back."""

from collections.abc import Callable
from itertools import count
from typing import Any, Self

from fastconv._geometry import shown
from fastconv._watch import changes

ForwardPreHook = Callable[[Any, tuple[Any, ...]], Any]
ForwardHook = Callable[[Any, tuple[Any, ...], Any], Any]
BackwardHook = Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any]

_ids = count()


class RemovableHandle:
    """What registering a hook returns; also a context manager that removes the hook at its end.

    Parameters
    ----------
    hooks : dict
        Where the hook stands, by `id`.
    hook : callable
    prepend : bool
        Put it before those that are there already.

    Attributes
    ----------
    id : int

    Raises
    ------
    TypeError
        `hook` cannot be called.
    """

    def __init__(self, hooks: dict[int, Any], hook: Any, prepend: bool = False) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__} {shown(hook)}")
        self.id = next(_ids)
        self._hooks = hooks
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self.id] = hook
        hooks.update(others)
        changes.made()

    def remove(self) -> None:
        """Take the hook back; once more does no harm."""
        self._hooks.pop(self.id, None)
        changes.made()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class HookedBackward:
    """Stands in an object's place of its method ``backward``, so that modules without hooks pay nothing for them.

    Parameters
    ----------
    module : Module
        Whose class has the true ``backward``.

    Attributes
    ----------
    hooks : dict
        Called in order with module, gradients of inputs and gradients of outputs, both tuples.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.hooks: dict[int, BackwardHook] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the method, then the hooks; what a hook returns replaces the gradients of the inputs."""
        result = type(self.module).backward(self.module, *args, **kwargs)
        grad_output = args or ((kwargs["grad_output"],) if "grad_output" in kwargs else ())
        grad_input = result if isinstance(result, tuple) else (result,)
        for hook in list(self.hooks.values()):
            replacement = hook(self.module, grad_input, grad_output)
            if replacement is None:
                continue
            replacement = replacement if isinstance(replacement, tuple) else (replacement,)
            if len(replacement) != len(grad_input):
                raise ValueError(
                    f"{type(self.module).__name__}.backward: a hook must return as many gradients as there are inputs, "
                    f"{len(grad_input)}, got {len(replacement)}"
                )
            grad_input = replacement
        return grad_input if isinstance(result, tuple) else grad_input[0]


def run_forward(
    module: Any,
    before: dict[int, ForwardPreHook],
    after: dict[int, ForwardHook],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """``module.forward`` between its hooks."""
    for pre_hook in list(before.values()):
        replacement = pre_hook(module, args)
        if replacement is not None:
            args = replacement if isinstance(replacement, tuple) else (replacement,)
    output = module.forward(*args, **kwargs)
    for hook in list(after.values()):
        replacement = hook(module, args, output)
        if replacement is not None:
            output = replacement
    return output
