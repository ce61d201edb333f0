"""The tasks of fastconv inside other libraries: torch models whose layers it computes, against torch as it is."""

from collections.abc import Callable
from typing import Any

from fastconv import nn
from fastconv._arrays import Array
from fastconv._extras import require

from .networks import inference, torch_forward, torch_step, training
from .shapes import Layer
from .task import Task


def swapped(network: nn.Module) -> Any:
    """The torch model with the layers that fastconv can compute."""
    model = network.to_torch()
    require("fastconv.torch", "fastconv bench bridges", "torch").replace_layers(model, quiet=True)
    return model


def swapped_step(network: nn.Module, x: Array, target: Array) -> Callable[[], Any]:
    """A training step by torch's autograd and optimizer."""
    return torch_step(require("torch", "fastconv bench bridges", "torch"), swapped(network), x, target)


def swapped_forward(network: nn.Module, x: Array) -> Callable[[], Any]:
    """The logits."""
    return torch_forward(require("torch", "fastconv bench bridges", "torch"), swapped(network), x)


def torch_model(layer: Layer) -> list[Task]:
    """A training step and inference."""
    return [training(layer, swapped_step), inference(layer, swapped_forward)]
