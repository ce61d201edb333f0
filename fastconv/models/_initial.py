"""First weights where a network's authors draw them otherwise than the layers do."""

import numpy as np

from fastconv import nn


def he_normal(model: nn.Module, rng: np.random.Generator, mode: str = "fan_out") -> None:
    """Draw the weights of all convolutions anew, as He et al. (2015) for rectifiers; their biases are 0."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu", rng=rng)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def normal_linear(model: nn.Module, rng: np.random.Generator, std: float = 0.01) -> None:
    """Draw the weights of all fully connected layers anew, normal around 0; their biases are 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, std, rng=rng)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
