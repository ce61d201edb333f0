"""The networks that ``fastconv train`` knows, and their way into a file and back."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import models
from .._geometry import Shape, is_integer, shown
from ..data import resize
from ..nn import Module
from ..weights import load_weights, read_meta
from .layers import build_layers

# Names of --model that are not those of a function, and what they stand for.
ALIASES: dict[str, tuple[str, dict[str, Any]]] = {"lenet5-1998": ("lenet5", {"activation": "tanh", "pool": "avg"})}
# These give no classes, but images.
NO_CLASSIFIERS = {"autoencoder_small", "unet_small"}
NAMES = (*(name for name in models.__all__ if name not in NO_CLASSIFIERS), *ALIASES)
LENET_SIZES = (28, 32)
# Descriptions come out of files, and `build` allocates what they ask for.
MOST = 2**16


def build(meta: dict[str, Any], rng: int | np.random.Generator = 0) -> Module:
    """A network from its description.

    Parameters
    ----------
    meta : dict
        ``"model"``, a name of `NAMES`, ``"num_classes"`` and ``"input_size"``, an int or a list of height and width;
        and if they are not the default ``"in_channels"`` (1) and ``"model_args"``, further arguments of the function
        of that name. With ``"layers"`` these are what the network consists of, and ``"model"`` is just a text.
    rng : int or numpy.random.Generator
        Where the first weights come from.

    Raises
    ------
    ValueError
        There is no such network, or it has not one output for each class.
    """
    name, options = ALIASES.get(meta["model"], (meta["model"], {}))
    shape, classes = input_shape(meta), meta["num_classes"]
    rng = np.random.default_rng(rng)
    if "layers" in meta:
        model: Module = build_layers(meta["layers"], shape, classes, rng)
    else:
        options = {"num_classes": classes, "in_channels": shape[1], **options, **meta.get("model_args", {})}
        if name == "lenet5":
            options.setdefault("input_size", shape[2])
        try:
            model = getattr(models, name)(**options, rng=rng)
        except TypeError as error:
            raise ValueError(f"{meta['model']}: {error}") from None
    _try(meta, model, shape)
    return model


def _try(meta: dict[str, Any], model: Module, shape: Shape) -> None:
    """See that the network is a classifier of its images."""
    wanted, name = (1, meta["num_classes"]), meta["model"]
    try:
        given = model.eval()(np.zeros(shape, np.float32)).shape
    except ValueError as error:
        raise ValueError(f"{name}: does not take images of shape {shape[1:]}: {error}") from None
    if given != wanted:
        raise ValueError(f"{name}: must give {wanted} for an image, one number for each class, it gives {given}")
    model.train()


def load(path: str | os.PathLike[str]) -> tuple[Module, dict[str, Any]]:
    """The trained network in a file, in evaluation mode, and its description.

    Raises
    ------
    ValueError
        The file is damaged, or ``fastconv train`` did not write it. The text starts with the path.
    """
    meta, name = read_meta(path), os.fsdecode(path)
    if not _is_description(meta):
        raise ValueError(f"{name}: does not say which network its weights belong to; fastconv train does")
    try:
        model = build(meta)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    load_weights(path, model)
    model.eval()
    return model, meta


def _is_description(meta: Any) -> bool:
    if not isinstance(meta, dict) or not isinstance(meta.get("model"), str) or not _is_bounded(meta):
        return False
    size, names = meta.get("input_size"), meta.get("class_names")
    sides = size if isinstance(size, list) and len(size) == 2 else [size]
    counts = [meta.get("num_classes"), meta.get("in_channels", 1), *sides]
    arguments = meta.get("model_args", {})
    return (
        all(is_integer(count) and count >= 1 for count in counts)
        and (meta["model"] in NAMES or "layers" in meta)
        and isinstance(arguments, dict)
        and not {"rng", "dtype", "num_classes", "in_channels"} & arguments.keys()
        and (names is None or (isinstance(names, list) and len(names) == meta["num_classes"]))
    )


def _is_bounded(value: Any) -> bool:
    """Whether no number in a JSON value is large."""
    if isinstance(value, dict):
        return all(map(_is_bounded, value.values()))
    if isinstance(value, list):
        return all(map(_is_bounded, value))
    return not isinstance(value, int | float) or -MOST <= value <= MOST


def input_shape(meta: dict[str, Any], batch_size: int = 1) -> Shape:
    """The shape of a batch for a network."""
    size = meta["input_size"]
    height, width = (size, size) if isinstance(size, int) else size
    return batch_size, meta.get("in_channels", 1), height, width


def describe(model: str, layers: list[Any] | None, images: NDArray[Any], classes: int, **more: Any) -> dict[str, Any]:
    """The description of a network for images of this shape; of `more`, what is not empty."""
    channels, height, width = images.shape[1:]
    if layers is None and ALIASES.get(model, (model,))[0] == "lenet5":
        height = width = height if height == width and height in LENET_SIZES else LENET_SIZES[-1]
    meta: dict[str, Any] = {
        "model": model,
        "num_classes": classes,
        "input_size": height if height == width else [height, width],
        "in_channels": channels,
        **{name: value for name, value in more.items() if value},
    }
    if layers is not None:
        meta["layers"] = layers
    return meta


def fit(images: NDArray[Any], meta: dict[str, Any]) -> NDArray[Any]:
    """Images as the network takes them: unchanged if they have its size, else resized (and then float32).

    Raises
    ------
    ValueError
        They have another number of channels.
    """
    _, channels, height, width = input_shape(meta)
    if images.shape[1] != channels:
        kind = "grey images" if channels == 1 else f"images with {channels} channels"
        raise ValueError(f"the network takes {kind}, {shown(images.shape[1])} channels are given")
    if images.dtype == np.float64:
        images = images.astype(np.float32)
    if images.shape[-2:] == (height, width):
        return images
    if images.dtype == np.uint8:
        images = images.astype(np.float32) / np.float32(255)
    return resize(images, (height, width))
