"""Fully connected layer y = x W^T + b and its gradients, as plain loops."""

from typing import Any

from numpy.typing import NDArray

from .store import store


def linear(
    input: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any] | None, output: NDArray[Any]
) -> None:
    """Write output[m, o] = sum over i of input[m, i] * weight[o, i], plus bias[o]."""
    weights = weight.tolist()
    biases = [0.0] * len(weights) if bias is None else bias.tolist()
    result = []
    for features in input.tolist():
        for row, constant in zip(weights, biases, strict=True):
            total = 0.0
            for feature, factor in zip(features, row, strict=True):
                total += feature * factor
            result.append(total + constant)
    store(output, result)


def linear_grad_input(grad_output: NDArray[Any], weight: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Write grad_input[m, i] = sum over o of grad_output[m, o] * weight[o, i]."""
    weights = weight.tolist()
    columns = [[row[i] for row in weights] for i in range(weight.shape[1])]
    result = []
    for gradients in grad_output.tolist():
        for column in columns:
            total = 0.0
            for gradient, factor in zip(gradients, column, strict=True):
                total += gradient * factor
            result.append(total)
    store(grad_input, result)


def linear_grad_weight(grad_output: NDArray[Any], input: NDArray[Any], grad_weight: NDArray[Any]) -> None:
    """Write grad_weight[o, i] = sum over m of grad_output[m, o] * input[m, i]."""
    gradients = grad_output.tolist()
    features = input.tolist()
    gradient_columns = [[row[o] for row in gradients] for o in range(grad_output.shape[1])]
    feature_columns = [[row[i] for row in features] for i in range(input.shape[1])]
    result = []
    for gradient_column in gradient_columns:
        for feature_column in feature_columns:
            total = 0.0
            for gradient, feature in zip(gradient_column, feature_column, strict=True):
                total += gradient * feature
            result.append(total)
    store(grad_weight, result)


def linear_grad_bias(grad_output: NDArray[Any], grad_bias: NDArray[Any]) -> None:
    """Write grad_bias[o] = sum over m of grad_output[m, o]."""
    result = [0.0] * grad_output.shape[1]
    for gradients in grad_output.tolist():
        for o, gradient in enumerate(gradients):
            result[o] += gradient
    store(grad_bias, result)
