"""Activations and their gradients, over whole arrays."""

from collections.abc import Callable
from math import erfc, pi, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee

Real: TypeAlias = NDArray[Any]


@ieee
def relu(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write max(x, 0); NaN stays NaN."""
    np.maximum(input, 0, out=output)


@ieee
def relu_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Let the gradient through where the output is not 0."""
    bits = f"u{output.itemsize}"  # as numbers, -1 * 0 and inf * 0 are no 0; `where` takes several times as long
    np.multiply(grad_output.view(bits), ~(output <= 0), out=grad_input.view(bits))


@ieee
def sigmoid(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write 1 / (1 + exp(-x)), by the branch whose exponential cannot overflow."""
    e = np.exp(-np.abs(input))
    np.divide(np.maximum(e, input >= 0), 1 + e, out=output)  # e for negative x, 1 for others


@ieee
def sigmoid_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Multiply the gradient by y (1 - y)."""
    np.multiply(grad_output, output * (1 - output), out=grad_input)


@ieee
def tanh(input: NDArray[Any], output: NDArray[Any]) -> None:
    """Write the hyperbolic tangent."""
    np.tanh(input, out=output)


@ieee
def tanh_backward(grad_output: NDArray[Any], output: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Multiply the gradient by 1 - y^2."""
    np.multiply(grad_output, 1 - output * output, out=grad_input)


def logistic(x: Real) -> Real:
    """Return 1 / (1 + exp(-x)), by the branch whose exponential cannot overflow."""
    e = np.exp(-np.abs(x))
    result: Real = np.where(x < 0, e, 1) / (1 + e)
    return result


def tail(x: Real) -> Real:
    """Return the probability of a normal number above |x|. NumPy has no erfc."""
    upper = [0.5 * erfc(a / sqrt(2)) for a in np.abs(x).reshape(-1).tolist()]
    return np.array(upper, x.dtype).reshape(x.shape)


def density(x: Real) -> Real:
    """Return the density of the normal distribution."""
    result: Real = np.exp(-0.5 * x * x) * x.dtype.type(1 / sqrt(2 * pi))
    return result


def gelu_argument(x: Real) -> tuple[Real, Real]:
    """Return v with gelu_tanh(x) = x * logistic(v), and x * dv/dx; beyond |x| = 24 nothing changes."""
    bounded = np.clip(x, -24, 24)
    cubic, k = 0.044715 * bounded**3, 2 * sqrt(2 / pi)
    return k * (bounded + cubic), k * (bounded + 3 * cubic)


def swish(x: Real, v: Real) -> Real:
    """Return x * logistic(v); v has the sign of x."""
    e = np.exp(-np.abs(v))
    result: Real = np.where(x < 0, x * (e / (1 + e)), x / (1 + e))
    return result


def swish_slope(x: Real, v: Real, w: Real) -> Real:
    """Return the derivative, with w = x * dv/dx; NaN for infinities, as in torch."""
    result: Real = logistic(v) * (1 + w * logistic(-v)) + (x - x)
    return result


def softplus(x: Real, beta: float, threshold: float) -> Real:
    """Return log(1 + exp(beta x)) / beta, and x where beta x is above the threshold."""
    z = x * beta
    result: Real = np.where(z > threshold, x, (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta)
    return result


Function: TypeAlias = Callable[[Real, float, float], Real]

FUNCTIONS: dict[str, Function] = {
    "leaky_relu": lambda x, slope, _: np.where(x > 0, x, x * slope),
    "elu": lambda x, alpha, _: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x, *_: np.where(x < 0, x * tail(x), x * (1 - tail(x))),
    "gelu_tanh": lambda x, *_: swish(x, gelu_argument(x)[0]),
    "silu": lambda x, *_: swish(x, x),
    "softplus": softplus,
    "hardtanh": lambda x, low, high: np.clip(x, low, high),
    "hardsigmoid": lambda x, *_: np.clip(x + 3, 0, 6) / 6,
    "hardswish": lambda x, *_: x * (np.clip(x + 3, 0, 6) / 6),
}
SLOPES: dict[str, Function] = {
    "leaky_relu": lambda x, slope, _: np.where(x > 0, 1, slope),
    "elu": lambda x, alpha, _: np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))),
    "gelu": lambda x, *_: np.where(x < 0, tail(x), 1 - tail(x)) + x * density(x),
    "gelu_tanh": lambda x, *_: swish_slope(x, *gelu_argument(x)),
    "silu": lambda x, *_: swish_slope(x, x, x),
    "softplus": lambda x, beta, threshold: np.where(x * beta > threshold, 1, logistic(x * beta)),
    "hardtanh": lambda x, low, high: (x > low) & (x < high),
    "hardsigmoid": lambda x, *_: ((x > -3) & (x < 3)) / x.dtype.type(6),
    "hardswish": lambda x, *_: np.where(np.abs(x) >= 3, x > 0, x / 3 + 0.5),
}


@ieee
def activation(input: Real, output: Real, function: str, first: float, second: float) -> None:
    """Write the activation of that name; `first` and `second` are its parameters."""
    output[...] = FUNCTIONS[function](input, first, second)


@ieee
def activation_backward(
    grad_output: Real, input: Real, grad_input: Real, function: str, first: float, second: float
) -> None:
    """Multiply the gradient by the derivative at the input; where that is 0 for good, the gradient is 0."""
    slope = SLOPES[function](input, first, second)
    np.multiply(grad_output, slope, out=grad_input)
    if function.startswith("hard"):  # inf * 0 is no 0
        np.copyto(grad_input, 0, where=slope == 0)
