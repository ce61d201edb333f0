"""The gradient of broadcasting."""

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import Shape


def summed_to(grad: Array, shape: Shape) -> Array:
    """The gradient of what was broadcast: sums over the axes along which it was repeated."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    repeated = tuple(axis for axis, size in enumerate(shape) if size == 1 and grad.shape[axis] != 1)
    return np.array(grad.sum(axis=repeated, keepdims=True) if repeated else grad, order="C")
