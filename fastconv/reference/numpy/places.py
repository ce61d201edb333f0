"""Unpooling, which puts elements where indices say, and its gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def last_ones(indices: NDArray[Any], area: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """The elements that stay at their places, the last one of each, and these places; flat in all planes.

    None if an index is neither a place in a plane nor -1.
    """
    if indices.size and (indices.min() < -1 or indices.max() >= area):
        return None
    planes, windows = indices.shape[0] * indices.shape[1], indices.shape[2] * indices.shape[3]
    position = indices.reshape(planes, windows)
    places = (position + np.arange(planes)[:, None] * area).reshape(-1)
    elements = np.flatnonzero(position.reshape(-1) >= 0)
    owner = np.full(planes * area, -1, np.int64)
    np.maximum.at(owner, places[elements], elements)  # an assignment promises no order
    elements = elements[owner[places[elements]] == elements]
    return elements, places[elements]


def max_unpool2d(input: NDArray[Any], indices: NDArray[Any], output: NDArray[Any]) -> bool:
    """Write every element to its place, the last one where several have the same, and zeros elsewhere.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    found = last_ones(indices, output.shape[2] * output.shape[3])
    if found is None:
        return False
    elements, places = found
    output[...] = 0
    output.reshape(-1)[places] = input.reshape(-1)[elements]
    return True


def max_unpool2d_backward(grad_output: NDArray[Any], indices: NDArray[Any], grad_input: NDArray[Any]) -> bool:
    """Give every element the gradient of its place; 0 for -1, and for what a later one overwrote.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    found = last_ones(indices, grad_output.shape[2] * grad_output.shape[3])
    if found is None:
        return False
    elements, places = found
    grad_input[...] = 0
    grad_input.reshape(-1)[elements] = grad_output.reshape(-1)[places]
    return True
