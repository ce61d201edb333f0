"""Activations and their gradients, one element at a time."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

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


def distribution(x: float) -> float:
    """Return the probability of a normal number below x."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def gelu_argument(x: float) -> float:
    """Return v with gelu_tanh(x) = x * logistic(v)."""
    bounded = min(max(x, -1e100), 1e100)  # Python's floats raise an error where others overflow
    return 2.0 * math.sqrt(2.0 / math.pi) * (bounded + 0.044715 * bounded**3)


def gelu_slope(x: float) -> float:
    """Return Phi(x) + x phi(x); NaN for infinities, as in torch."""
    return distribution(x) + x * (math.exp(-0.5 * min(abs(x), 1e100) ** 2) / math.sqrt(2.0 * math.pi)) + (x - x)


def swish_slope(x: float, v: float, w: float) -> float:
    """Return the derivative of x * logistic(v), with w = x * dv/dx; NaN for infinities, as in torch."""
    return logistic(v) + w * logistic(v) * logistic(-v) + (x - x)


def gelu_tanh_slope(x: float) -> float:
    """Return the derivative of gelu_tanh."""
    bounded = min(max(x, -1e100), 1e100)
    w = 2.0 * math.sqrt(2.0 / math.pi) * (bounded + 3.0 * 0.044715 * bounded**3)
    return swish_slope(x, gelu_argument(x), w)


def softplus(x: float, beta: float, threshold: float) -> float:
    """Return log(1 + exp(beta x)) / beta, and x where beta x is above the threshold."""
    z = beta * x
    return x if z > threshold else (max(z, 0.0) + math.log1p(math.exp(-abs(z)))) / beta


def hardsigmoid(x: float) -> float:
    """Return x / 6 + 1/2, between 0 and 1."""
    return min(max(x + 3.0, 0.0), 6.0) / 6.0


def hardswish_slope(x: float) -> float:
    """Return the derivative of x * hardsigmoid(x)."""
    if abs(x) >= 3.0:
        return 1.0 if x > 0.0 else 0.0
    return x / 3.0 + 0.5


Function: TypeAlias = Callable[[float, float, float], float]

FUNCTIONS: dict[str, Function] = {
    "leaky_relu": lambda x, slope, _: x if x > 0.0 else slope * x,
    "elu": lambda x, alpha, _: x if x > 0.0 else alpha * math.expm1(x),
    "gelu": lambda x, *_: x * distribution(x),
    "gelu_tanh": lambda x, *_: x * logistic(gelu_argument(x)),
    "silu": lambda x, *_: x * logistic(x),
    "softplus": softplus,
    "hardtanh": lambda x, low, high: min(max(x, low), high),
    "hardsigmoid": lambda x, *_: hardsigmoid(x),
    "hardswish": lambda x, *_: x * hardsigmoid(x),
}
SLOPES: dict[str, Function] = {
    "leaky_relu": lambda x, slope, _: 1.0 if x > 0.0 else slope,
    "elu": lambda x, alpha, _: 1.0 if x > 0.0 else alpha * math.exp(x),
    "gelu": lambda x, *_: gelu_slope(x),
    "gelu_tanh": lambda x, *_: gelu_tanh_slope(x),
    "silu": lambda x, *_: swish_slope(x, x, x),
    "softplus": lambda x, beta, threshold: 1.0 if beta * x > threshold else logistic(beta * x),
    "hardtanh": lambda x, low, high: 1.0 if low < x < high else 0.0,
    "hardsigmoid": lambda x, *_: 1.0 / 6.0 if -3.0 < x < 3.0 else 0.0,
    "hardswish": lambda x, *_: hardswish_slope(x),
}


def activation(input: NDArray[Any], output: NDArray[Any], function: str, first: float, second: float) -> None:
    """Write the activation of that name; `first` and `second` are its parameters."""
    f = FUNCTIONS[function]
    store(output, [f(x, first, second) for x in input.reshape(-1).tolist()])


def activation_backward(
    grad_output: NDArray[Any],
    input: NDArray[Any],
    grad_input: NDArray[Any],
    function: str,
    first: float,
    second: float,
) -> None:
    """Multiply the gradient by the derivative at the input; where that is 0 for good, the gradient is 0."""
    slope = SLOPES[function]
    flat = function.startswith("hard")
    pairs = zip(grad_output.reshape(-1).tolist(), input.reshape(-1).tolist(), strict=True)
    values = []
    for gradient, x in pairs:
        s = slope(x, first, second)
        values.append(0.0 if flat and s == 0.0 else gradient * s)
    store(grad_input, values)
