"""All points of the table, and their comparison."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import torch

from fastconv import functional as F
from fastconv import nn, optim

from . import calls, updates
from .entry import Entry, No, With
from .functional import FUNCTIONAL
from .layers import LAYERS
from .optimizers import OPTIMIZERS, SCHEDULERS
from .parameters import INIT, UTILS


@dataclass(frozen=True)
class Section:
    """A part of the package, the same of torch, and the table."""

    title: str
    ours: Any
    theirs: Any
    entries: dict[str, Entry]
    call: Any  # (name, arguments, entry) -> results of fastconv, results of torch
    alone: dict[str, str]  # what torch does not have under this name


def _function(name: str, arguments: dict[str, Any], entry: Entry) -> Any:
    expected = calls.function_of_torch(name, arguments)
    return calls.function_of_fastconv(name, arguments), expected


def _layer(name: str, arguments: dict[str, Any], entry: Entry) -> Any:
    return calls.layer(name, arguments, entry.inputs)


def _in_turn(call: Any, ours: Any, theirs: Any, name: str, arguments: dict[str, Any], entry: Entry) -> Any:
    expected = call(theirs, name, arguments)
    return call(ours, name, arguments), expected


BASE_CLASS = "a base class"
SECTIONS = [
    Section(
        "functional", F, torch.nn.functional, FUNCTIONAL, _function,
        {"pad2d": "padding by pairs", "softmax_cross_entropy": "cross_entropy with its gradient"},
    ),
    Section(
        "nn", nn, torch.nn, LAYERS, _layer,
        {
            "Concat": "parts side by side", "Residual": "what a body adds", "fuse": "a copy for inference",
            "RemovableHandle": "what hooks return", "Module": BASE_CLASS, "Parameter": "an array and its gradient",
        },
    ),
    Section(
        "optim", optim, torch.optim, OPTIMIZERS, partial(_in_turn, updates.steps, optim, torch.optim),
        {"Momentum": "SGD with momentum", "RMSProp": "RMSprop", "Optimizer": BASE_CLASS},
    ),
    Section(
        "optim.lr_scheduler", optim.lr_scheduler, torch.optim.lr_scheduler, SCHEDULERS,
        partial(_in_turn, updates.rates, optim, torch.optim), {"LRScheduler": BASE_CLASS},
    ),
    Section(
        "nn.init", nn.init, torch.nn.init, INIT, partial(_in_turn, updates.first_values, nn.init, torch.nn.init),
        {"fan_in": "inputs of one output"}
        | {name: "a new array" for name in nn.init.__all__ if name + "_" in nn.init.__all__},
    ),
    Section(
        "nn.utils", nn.utils, torch.nn.utils, UTILS,
        partial(_in_turn, updates.on_gradients, nn.utils, torch.nn.utils), {},
    ),
]  # fmt: skip


def points(entry: Entry) -> Iterator[tuple[frozenset[str], dict[str, Any]]]:
    """The shortest call, each option at each of its values, and all pairs of values of two options."""
    single = [
        (name, value if isinstance(value, With) else With({name: value}))
        for name, values in entry.options.items()
        if not isinstance(values, No)
        for value in values
    ]
    yield frozenset(), entry.base
    for name, change in single:
        yield frozenset({name}), entry.base | change
    for (one, first), (other, second) in combinations(single, 2):
        if one != other and not first.keys() & second.keys():
            yield frozenset({one, other}), entry.base | first | second


def far_apart(a: np.ndarray, b: np.ndarray) -> float:
    """The Kolmogorov-Smirnov statistic of two sorted samples, over its bound for one in ten million."""
    at = np.concatenate([a, b])
    distance = abs(np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)).max()
    return float(distance / math.sqrt(math.log(2e7) / 2 * (1 / len(a) + 1 / len(b))))


def difference(ours: Any, theirs: Any) -> float:
    """The largest difference of named results, relative to the largest element; infinite if they are unlike."""
    if ours.keys() != theirs.keys():
        return np.inf
    largest = 0.0
    for name, a in ours.items():
        b = theirs[name]
        if name == "distribution":
            if a.shape != b.shape or far_apart(a, b) > 1:
                return np.inf
        elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            if a.shape != b.shape or a.dtype != b.dtype:
                return np.inf
            if not a.size or np.array_equal(a, b, equal_nan=True):
                continue
            largest = max(largest, float(abs(a - b).max() / (abs(b).max() or 1)))
        elif a != b:
            return np.inf
    return largest


@dataclass
class Outcome:
    """What the comparison of one entry gave."""

    compared: int = 0
    refused: int = 0  # combinations that torch does not take
    largest: float = 0.0


def compare(section: Section, name: str) -> Outcome:
    """Compare all points of an entry, or raise AssertionError.

    An option must change something at one of its values at least, in torch.
    """
    entry, outcome, idle = section.entries[name], Outcome(), set()
    base: Any = None
    effective: set[str] = set()
    for changed, arguments in points(entry):
        idle |= changed
        try:
            ours, theirs = section.call(name, arguments, entry)  # torch is called first
        except (RuntimeError, ValueError, TypeError, AssertionError, NotImplementedError) as error:
            if len(changed) < 2 or str(error).startswith(f"{name}: "):
                raise AssertionError(f"{name} with {sorted(changed)}: {error!r}") from error
            outcome.refused += 1
            continue
        far = difference(ours, theirs)
        tolerance = entry.tolerance if "dtype" not in changed else 1e-5
        assert far <= tolerance, f"{name} with {sorted(changed)}: differs by {far}"
        outcome.compared += 1
        if "dtype" not in changed:
            outcome.largest = max(outcome.largest, far)
        base = theirs if base is None else base
        if len(changed) == 1 and difference(theirs, base) > entry.tolerance:
            effective |= changed
    assert idle - effective == INERT.get(name, set()), f"{name}: {sorted(idle - effective)} changes nothing"
    return outcome


INERT = {
    "ConvTranspose2d": {"padding_mode"},  # torch knows "zeros" only
    "ConvTranspose1d": {"padding_mode"},
    "Upsample": {"mode"},  # "nearest" only
    "Identity": {"args", "kwargs"},
    "ChainedScheduler": {"optimizer"},
    "clip_grad_norm_": {"error_if_nonfinite"},  # of finite gradients; the error is torch's RuntimeError otherwise
}
"""Options whose values change nothing."""
