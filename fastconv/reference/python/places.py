"""Unpooling, which puts elements where indices say, and its gradient, as plain loops."""

from typing import Any

from numpy.typing import NDArray

from .store import store


def owners(indices: NDArray[Any], area: int) -> list[int] | None:
    """For every place of all planes the last element that goes there, or -1; None if an index names no place."""
    windows = indices.shape[2] * indices.shape[3]
    result = [-1] * (indices.shape[0] * indices.shape[1] * area)
    for t, position in enumerate(indices.reshape(-1).tolist()):
        if not -1 <= position < area:
            return None
        if position >= 0:
            result[t // windows * area + position] = t
    return result


def max_unpool2d(input: NDArray[Any], indices: NDArray[Any], output: NDArray[Any]) -> bool:
    """Write every element to its place, the last one where several have the same, and zeros elsewhere.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    owner = owners(indices, output.shape[2] * output.shape[3])
    if owner is None:
        return False
    elements = input.reshape(-1).tolist()
    store(output, [0.0 if t < 0 else elements[t] for t in owner])
    return True


def max_unpool2d_backward(grad_output: NDArray[Any], indices: NDArray[Any], grad_input: NDArray[Any]) -> bool:
    """Give every element the gradient of its place; 0 for -1, and for what a later one overwrote.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    owner = owners(indices, grad_output.shape[2] * grad_output.shape[3])
    if owner is None:
        return False
    result = [0.0] * grad_input.size
    for t, gradient in zip(owner, grad_output.reshape(-1).tolist(), strict=True):
        if t >= 0:
            result[t] = gradient
    store(grad_input, result)
    return True
