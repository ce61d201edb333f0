"""The way of an optimizer over a surface."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import integer, shown
from fastconv.nn import Parameter
from fastconv.optim import Optimizer

from ._arguments import numbers


def trace_optimizer(
    gradient: Callable[[Array], Any],
    start: Any,
    optimizer: Callable[[list[Parameter]], Optimizer],
    steps: int = 100,
) -> Array:
    """Let an optimizer walk down a surface, and note where it was.

    Parameters
    ----------
    gradient : callable
        The gradient of the loss at a point: takes an array of the shape of `start`, and returns as many numbers.
    start : array-like of float, shape (d,)
        The first point.
    optimizer : callable
        Makes the optimizer of a list of parameters, such as ``lambda params: optim.SGD(params, lr=0.1)``.
    steps : int

    Returns
    -------
    ndarray of float64, shape (steps + 1, d)
        The points, `start` first. Shorter if the optimizer leaves the finite numbers.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> from fastconv import optim
    >>> trace_optimizer(lambda p: 2 * p, [1.0, -2.0], lambda params: optim.SGD(params, lr=0.25), steps=2)
    array([[ 1.  , -2.  ],
           [ 0.5 , -1.  ],
           [ 0.25, -0.5 ]])
    """
    for name, value in (("gradient", gradient), ("optimizer", optimizer)):
        if not callable(value):
            raise TypeError(f"trace_optimizer: {name} must be callable, got {shown(value)}")
    point = numbers("trace_optimizer", "start", start)
    if point.ndim != 1 or len(point) == 0 or not np.isfinite(point).all():
        raise ValueError(f"trace_optimizer: start must be finite coordinates, (d,), got {shown(start)}")
    count = integer("trace_optimizer", "steps", steps, 0)
    parameter = Parameter(point)
    walker = optimizer([parameter])
    points = [point.copy()]
    for _ in range(count):
        slope = numbers("trace_optimizer", "gradient(point)", gradient(points[-1].copy()))
        if slope.shape != point.shape:
            raise ValueError(f"trace_optimizer: gradient(point) must have shape {point.shape}, got {slope.shape}")
        parameter.grad = slope
        walker.step()
        if not np.isfinite(parameter.data).all():
            break
        points.append(parameter.data.copy())
    return np.array(points)
