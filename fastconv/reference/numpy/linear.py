"""Fully connected layer y = x W^T + b and its gradients: one matrix product each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ieee import ieee


@ieee
def linear(
    input: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any] | None, output: NDArray[Any]
) -> None:
    """Write output[m, o] = sum over i of input[m, i] * weight[o, i], plus bias[o]."""
    np.matmul(input, weight.T, out=output)
    if bias is not None:
        output += bias


@ieee
def linear_grad_input(grad_output: NDArray[Any], weight: NDArray[Any], grad_input: NDArray[Any]) -> None:
    """Write grad_input[m, i] = sum over o of grad_output[m, o] * weight[o, i]."""
    np.matmul(grad_output, weight, out=grad_input)


@ieee
def linear_grad_weight(grad_output: NDArray[Any], input: NDArray[Any], grad_weight: NDArray[Any]) -> None:
    """Write grad_weight[o, i] = sum over m of grad_output[m, o] * input[m, i]."""
    np.matmul(grad_output.T, input, out=grad_weight)


@ieee
def linear_grad_bias(grad_output: NDArray[Any], grad_bias: NDArray[Any]) -> None:
    """Write grad_bias[o] = sum over m of grad_output[m, o]."""
    np.sum(grad_output, axis=0, out=grad_bias)
