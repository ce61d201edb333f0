"""The network of an estimator: the usual one, or what the user's `model` means."""

import copy
import inspect
from typing import Any

import numpy as np

from fastconv import nn
from fastconv._arrays import DType
from fastconv._geometry import Shape, shown

WIDEST = 128


def usual_network(input_shape: Shape, n_outputs: int, rng: np.random.Generator, dtype: DType) -> nn.Sequential:
    """Convolutions of 3 by 3, each rectified and halved by pooling, then two fully connected layers.

    There are at least one convolution and as many as it takes to make maps of at most 7 by 7; the first has 32
    channels, each next one twice as many up to 128. An axis of length 1 is neither convolved nor pooled over.

    Examples
    --------
    >>> usual_network((1, 28, 28), 10, np.random.default_rng(0), np.dtype(np.float32))
    Sequential(
      (0): Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1), padding=same)
      (1): ReLU()
      (2): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)
      (3): Conv2d(32, 64, kernel_size=(3, 3), stride=(1, 1), padding=same)
      (4): ReLU()
      (5): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)
      (6): Flatten(start_dim=1, end_dim=-1)
      (7): Linear(in_features=3136, out_features=128, bias=True)
      (8): ReLU()
      (9): Linear(in_features=128, out_features=10, bias=True)
    )
    """
    channels, height, width = input_shape
    layers: list[nn.Module] = []
    maps = 32
    while not layers or max(height, width) > 7:
        kernel = (min(height, 3), min(width, 3))
        window = (min(height, 2), min(width, 2))
        layers += [
            nn.Conv2d(channels, maps, kernel, padding="same", rng=rng, dtype=dtype),
            nn.ReLU(),
            nn.MaxPool2d(window),
        ]
        channels, height, width = maps, height // window[0], width // window[1]
        maps = min(2 * maps, WIDEST)
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(channels * height * width, 128, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.Linear(128, n_outputs, rng=rng, dtype=dtype),
    )


def network(
    owner: str, model: Any, input_shape: Shape, n_outputs: int, rng: np.random.Generator, dtype: DType
) -> nn.Module:
    """A new module that makes of images the right number of outputs."""
    module = _built(owner, model, input_shape, n_outputs, rng, dtype)
    outputs = module.eval()(np.zeros((1, *input_shape), dtype_of(module, dtype)))
    if outputs.shape != (1, n_outputs):
        raise ValueError(
            f"{owner}: model must give outputs of shape (n, {n_outputs}) for images of shape "
            f"(n, {', '.join(map(str, input_shape))}), got {outputs.shape} for one image"
        )
    return module


def dtype_of(module: nn.Module, default: DType) -> DType:
    """What a module computes in: the dtype of its first parameter."""
    parameter = next(module.parameters(), None)
    return default if parameter is None else parameter.dtype


def _built(
    owner: str, model: Any, input_shape: Shape, n_outputs: int, rng: np.random.Generator, dtype: DType
) -> nn.Module:
    if model is None:
        return usual_network(input_shape, n_outputs, rng, dtype)
    if isinstance(model, nn.Module):
        return copy.deepcopy(model)
    if not callable(model):
        raise TypeError(
            f"{owner}: model must be None, a Module or a function of (input_shape, n_outputs), got {shown(model)}"
        )
    taken = inspect.signature(model).parameters
    first = {name: value for name, value in (("rng", rng), ("dtype", dtype)) if name in taken}
    module = model(input_shape, n_outputs, **first)
    if not isinstance(module, nn.Module):
        raise TypeError(f"{owner}: model must return a Module, got {shown(module)}")
    return module
