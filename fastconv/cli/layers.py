"""A network from a list of its layers, as TOML and JSON write it."""

import inspect
import os
import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import nn
from .._arrays import Array
from .._files import open_regular
from .._geometry import Shape, is_integer, shown

MOST_BYTES = 2**20
MOST_REPEATS = 1000
# What a layer is told about its input, where the list does not say it.
OF_INPUT = {
    "BatchNorm1d": "num_features",
    "BatchNorm2d": "num_features",
    "Conv1d": "in_channels",
    "Conv2d": "in_channels",
    "ConvTranspose1d": "in_channels",
    "ConvTranspose2d": "in_channels",
    "GroupNorm": "num_channels",
    "Linear": "in_features",
}
# What a layer gives as many of as there are classes, where the list does not say it.
OF_OUTPUT = {"Conv2d": "out_channels", "Linear": "out_features"}
# Layers that hold others: by which name, and whether that is one list of them or several.
HOLDERS = {"Concat": ("branches",), "Residual": ("body", "shortcut"), "Sequential": ("layers",)}
NOT_LAYERS = {"MaxUnpool2d", "Module", "ModuleDict", "ModuleList", "Parameter", "RemovableHandle"}


def read_toml(path: str) -> dict[str, Any]:
    """The content of a TOML file.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is not TOML; the text starts with the path.
    """
    with open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path}: is larger than {MOST_BYTES} bytes")
    try:
        return tomllib.loads(content.decode())
    except RecursionError:
        raise ValueError(f"{path}: is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: is not TOML: {error}") from None


def read_layers(path: str | os.PathLike[str]) -> list[Any]:
    """The list of a file that has nothing but ``[[layers]]``.

    Raises
    ------
    OSError, ValueError
        As `read_toml`; or there is no such list, or something else.
    """
    name = os.fsdecode(path)
    content = read_toml(name)
    if set(content) != {"layers"}:
        raise ValueError(f"{name}: must have [[layers]] and nothing else, it has {shown(sorted(content))}")
    layers: list[Any] = content["layers"]
    return layers


def build_layers(layers: Any, input_shape: Shape, num_classes: int, rng: np.random.Generator) -> nn.Sequential:
    """Make the layers, and tell each what its input looks like.

    Parameters
    ----------
    layers : list of dict
        ``{"type": "Conv2d", "out_channels": 8, "kernel_size": 3}`` is ``nn.Conv2d(..., 8, 3)``. ``repeat`` makes
        several of a kind. ``Residual`` has lists of layers as its ``body`` and ``shortcut``, ``Concat`` a list of lists
        as ``branches``, ``Sequential`` a list as ``layers``. Numbers of channels and features of inputs are found
        out; a ``Linear`` without ``out_features`` has one for each class.
    input_shape : tuple of int
        Of a batch of one image.
    num_classes : int
    rng : numpy.random.Generator
        Where the first weights come from.

    Raises
    ------
    ValueError
        A layer cannot be made, or does not take its input; the text says which one.

    Examples
    --------
    >>> net = build_layers([{"type": "Flatten"}, {"type": "Linear"}], (1, 1, 8, 8), 10, np.random.default_rng(0))
    >>> net[1]
    Linear(in_features=64, out_features=10, bias=True)
    """
    model, _ = _sequence("layers", layers, np.zeros(input_shape, np.float32), num_classes, rng)
    return model.train()


def _sequence(
    where: str, entries: Any, x: Array, num_classes: int, rng: np.random.Generator
) -> tuple[nn.Sequential, Array]:
    """Layers one after another, and what they make of `x`."""
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{where}: must be a list of layers, got {shown(entries)}")
    layers = []
    for i, entry in enumerate(entries):
        place = f"{where}[{i}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
            raise ValueError(f"{place}: must be a table with the type of a layer, got {shown(entry)}")
        options = dict(entry)
        kind = options.pop("type")
        repeat = options.pop("repeat", 1)
        place = f"{place} ({kind})"
        if not is_integer(repeat) or not 1 <= repeat <= MOST_REPEATS:
            raise ValueError(f"{place}: repeat must be a whole number from 1 to {MOST_REPEATS}, got {shown(repeat)}")
        for _ in range(repeat):
            layer, x = _layer(place, kind, dict(options), x, num_classes, rng)
            layers.append(layer)
    return nn.Sequential(*layers), x


def _layer(
    place: str, kind: str, options: dict[str, Any], x: Array, num_classes: int, rng: np.random.Generator
) -> tuple[nn.Module, Array]:
    layer_class = getattr(nn, kind, None) if kind in nn.__all__ and kind not in NOT_LAYERS else None
    if layer_class is None or kind.endswith("Loss"):
        raise ValueError(f"{place}: there is no layer of this type; fastconv.nn has them")
    if kind in HOLDERS:
        unknown = sorted(options.keys() - set(HOLDERS[kind]))
        if unknown:
            raise ValueError(f"{place}: {unknown[0]} must be one of {', '.join(HOLDERS[kind])}")
        layer = _holder(place, kind, options, x, num_classes, rng)
    else:
        if kind in OF_INPUT and x.ndim > 1:
            options.setdefault(OF_INPUT[kind], x.shape[-1 if kind == "Linear" else 1])
        if kind in OF_OUTPUT:
            options.setdefault(OF_OUTPUT[kind], num_classes)
        if {"rng", "dtype"} & options.keys():
            raise ValueError(f"{place}: rng and dtype are not for a file to say")
        if "rng" in inspect.signature(layer_class).parameters:
            options["rng"] = rng
        try:
            layer = layer_class(**{name: _tuple(value) for name, value in options.items()})
        except (TypeError, ValueError) as error:
            raise ValueError(f"{place}: {error}") from None
    try:
        return layer, layer.eval()(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: does not take its input: {error}") from None


def _holder(
    place: str, kind: str, options: dict[str, Any], x: Array, num_classes: int, rng: np.random.Generator
) -> nn.Module:
    def made(name: str, entries: Any) -> nn.Sequential:
        return _sequence(f"{place}.{name}", entries, x, num_classes, rng)[0]

    if kind == "Concat":
        branches = options.get("branches")
        if not isinstance(branches, list) or not branches:
            raise ValueError(f"{place}.branches: must be a list of lists of layers, got {shown(branches)}")
        return nn.Concat(*(made(f"branches[{i}]", entries) for i, entries in enumerate(branches)))
    if kind == "Residual":
        body, shortcut = made("body", options.get("body")), options.get("shortcut")
        return nn.Residual(body, None if shortcut is None else made("shortcut", shortcut))
    return made("layers", options.get("layers"))


def _tuple(value: Any) -> Any:
    """Layers take pairs as tuples, TOML and JSON have lists."""
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value
