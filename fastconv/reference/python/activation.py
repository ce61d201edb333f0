"""Activations and their gradients from the saved output, one element at a time."""

import math
from typing import Any

from numpy.typing import NDArray

from .store import store


def relu(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write max(x, 0); NaN stays NaN."""
    store(output, [0.0 if x < 0.0 else x for x in input.reshape(-1).tolist()])


def relu_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Let the gradient through where the output is not 0."""
    pairs = zip(grad_output.reshape(-1).tolist(), output.reshape(-1).tolist(), strict=True)
    store(grad_input, [0.0 if y <= 0.0 else gradient for gradient, y in pairs])


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x)), by the branch whose exponential cannot overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def sigmoid(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write 1 / (1 + exp(-x))."""
    store(output, [logistic(x) for x in input.reshape(-1).tolist()])


def sigmoid_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Multiply the gradient by y (1 - y)."""
    pairs = zip(grad_output.reshape(-1).tolist(), output.reshape(-1).tolist(), strict=True)
    store(grad_input, [gradient * (y * (1.0 - y)) for gradient, y in pairs])


def tanh(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write the hyperbolic tangent."""
    store(output, [math.tanh(x) for x in input.reshape(-1).tolist()])


def tanh_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Multiply the gradient by 1 - y^2."""
    pairs = zip(grad_output.reshape(-1).tolist(), output.reshape(-1).tolist(), strict=True)
    store(grad_input, [gradient * (1.0 - y * y) for gradient, y in pairs])
