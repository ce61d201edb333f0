"""Smooth rectified linear unit."""

import math
from typing import Any

from fastconv._arrays import Array, DType, real
from fastconv._geometry import shown
from fastconv.functional._elementwise import computed, computed_backward, option, pair


def _parameters(function: str, beta: Any, threshold: Any, dtype: DType) -> list[float]:
    """The numbers that the kernel takes."""
    first, second = option(function, "beta", beta, dtype), option(function, "threshold", threshold, dtype)
    if not 0 < first < math.inf:
        raise ValueError(f"{function}: beta must be > 0 and finite, got {shown(beta)}")
    return [first, second]


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    r"""Smooth rectified linear unit, :math:`\log(1 + e^{\beta x}) / \beta`.

    As :math:`\max(\beta x, 0) + \log(1 + e^{-|\beta x|})`, so that nothing overflows and no digit is lost.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    beta : float
        :math:`\beta > 0`: how sharply it bends.
    threshold : float
        Where :math:`\beta x` is above it the result is x.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; an option that is no number.
    ValueError
        ``beta`` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.softplus(np.array([-1e4, 0.0, 40.0])).round(4)
    array([ 0.    ,  0.6931, 40.    ])
    """
    x = real("softplus", "input", input)
    return computed("softplus", "softplus", x, _parameters("softplus", beta, threshold, x.dtype))


def softplus_backward(
    grad_output: Array, input: Array, beta: float = 1.0, threshold: float = 20.0
) -> Array:
    r"""Gradient of `softplus`: :math:`\bar x = \bar y\, \sigma(\beta x)`, and :math:`\bar y` above the threshold.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `softplus` was given.
    beta, threshold : float
        The options given to `softplus`.

    Returns
    -------
    array
        Gradient with respect to the input.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong kind or dtype; shapes that differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.softplus_backward(np.array([1.0, 1.0]), np.array([0.0, 1e4]))
    array([0.5, 1. ])
    """
    function = "softplus_backward"
    x, dy = pair(function, grad_output, input)
    return computed_backward(function, "softplus", dy, x, _parameters(function, beta, threshold, x.dtype))
