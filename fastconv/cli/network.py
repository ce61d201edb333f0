"""The networks that ``fastconv train`` knows, and their way into a file and back."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import resize
from ..models import lenet5
from ..nn import Sequential
from ..weights import load_weights, read_meta

# What each name of --model says to lenet5.
NETWORKS = {
    "lenet5": {"activation": "relu", "pool": "max"},
    "lenet5-1998": {"activation": "tanh", "pool": "avg"},
}
INPUT_SIZES = (28, 32)


def build(meta: dict[str, Any], rng: int | np.random.Generator = 0) -> Sequential:
    """A network from its description: ``{"model", "num_classes", "input_size"}``."""
    options = NETWORKS[meta["model"]]
    return lenet5(
        num_classes=meta["num_classes"], in_channels=1, input_size=meta["input_size"], rng=rng, **options
    )


def load(path: str | os.PathLike[str]) -> tuple[Sequential, dict[str, Any]]:
    """The trained network in a file, in evaluation mode, and its description.

    Raises
    ------
    ValueError
        The file is damaged, or ``fastconv train`` did not write it. The text starts with the path.
    """
    meta = read_meta(path)
    if not _is_description(meta):
        name = os.fsdecode(path)
        raise ValueError(f"{name}: does not say which network its weights belong to; fastconv train does")
    model = build(meta)
    load_weights(path, model)
    model.eval()
    return model, meta


def _is_description(meta: Any) -> bool:
    # The file may come from anywhere, and `build` allocates what it asks for.
    return (
        isinstance(meta, dict)
        and meta.get("model") in list(NETWORKS)  # a list takes values without a hash too
        and meta.get("input_size") in INPUT_SIZES
        and type(meta.get("num_classes")) is int
        and 1 <= meta["num_classes"] <= 256  # labels are bytes
    )


def input_size(images: NDArray[Any]) -> int:
    """The size that the network gets for images of this shape: their own if it can be, else 32."""
    height, width = images.shape[-2:]
    return height if height == width and height in INPUT_SIZES else 32


def fit_size(images: NDArray[Any], size: int) -> NDArray[Any]:
    """Images as the network takes them: unchanged if they have its size, else resized (and then float32)."""
    if images.shape[-2:] == (size, size):
        return images
    if images.dtype == np.uint8:
        images = images.astype(np.float32) / np.float32(255)
    return resize(images, size)
