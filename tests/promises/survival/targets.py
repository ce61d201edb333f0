"""What is called: every public function, and the methods of what every public class makes."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from contract.calls import CALLS as CLASSES
from contract.calls import NOWHERE
from features.layers import LAYERS
from functional.calls import CALLS as FUNCTIONS
from functional.calls import Maker

import fastconv as fc
from fastconv import functional as F
from fastconv import nn

FILES = {*NOWHERE, "Checkpoint", "CSVLogger", "Trainer"}
"""What opens files may say what the system says."""
HOOKS = ("on_", "apply")
"""Methods that the library calls, with objects of its own: `Callback.on_epoch_end(run)`, `Transform.apply(...)`."""
SETTINGS = {
    "set_backend",
    "use_backend",
    "set_num_threads",
    "threads",
    "set_flush_subnormals",
    "set_float32_conv_precision",
}
"""These change what later cases compute with."""


class Target(NamedTuple):
    """A callable, a maker of valid arguments for it, and the names of all its arguments."""

    name: str
    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator], dict[str, Any]]
    names: tuple[str, ...]


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        return tuple(p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds)
    except (TypeError, ValueError):
        return ()


def _function(name: str) -> Target:
    function = getattr(F, name)
    return Target(
        name, function, lambda rng: FUNCTIONS[name](Maker(("f4", "f8")[rng.integers(2)], rng, 2)), _names(function)
    )


def _class(name: str) -> Target:
    call = CLASSES[name]
    return Target(name, call.function, lambda rng: call.arguments(), _names(call.function))


FUNCTION_TARGETS = [_function(name) for name in F.__all__]
LAYER_TARGETS = [_class(name) for name in CLASSES if hasattr(nn, name)]
OTHER_TARGETS = [
    _class(name) for name in CLASSES if not hasattr(nn, name) and name not in (*fc.plot.__all__, *SETTINGS)
]
DRAWING_TARGETS = [_class(name) for name in CLASSES if name in fc.plot.__all__ and name != "animate_optimizer_paths"]


def draw(rng: np.random.Generator) -> Target:
    """Functions most often, as they are nearest to kernels; drawing seldom, as it is slow."""
    at = rng.random()
    targets = (
        FUNCTION_TARGETS
        if at < 0.6
        else LAYER_TARGETS
        if at < 0.8
        else OTHER_TARGETS
        if at < 0.9995
        else DRAWING_TARGETS
    )
    return targets[rng.integers(len(targets))]


def inputs(name: str) -> list[Any]:
    """What the layer or loss of this name is called with."""
    arrays = LAYERS[name].inputs if name in LAYERS else (np.ones((2, 4, 9, 8)),)
    return [x.astype(np.float32) if x.dtype.kind == "f" else x for x in arrays]


def methods(thing: Any) -> list[str]:
    """Its public methods, and the call itself."""
    if isinstance(thing, np.ndarray | np.generic | str | int | float | tuple | list | dict | type(None)):
        return []
    found = [
        name for name in dir(type(thing)) if not name.startswith(("_", *HOOKS)) and callable(getattr(thing, name, None))
    ]
    return found + ["__call__"] * (3 * callable(thing)) + ["__iter__"] * hasattr(thing, "__iter__")
