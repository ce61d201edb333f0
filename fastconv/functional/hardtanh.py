"""Limits: hardtanh and relu6."""

from typing import Any

from fastconv._arrays import Array, DType, real
from fastconv._geometry import shown
from fastconv.functional._elementwise import computed, computed_backward, option, pair


def _parameters(function: str, min_val: Any, max_val: Any, dtype: DType) -> list[float]:
    """The numbers that the kernel takes."""
    low, high = option(function, "min_val", min_val, dtype), option(function, "max_val", max_val, dtype)
    if not low <= high:
        raise ValueError(f"{function}: min_val must be <= max_val, got {shown(min_val)} and {shown(max_val)}")
    return [low, high]


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    r"""The input, limited to an interval; NaN stays NaN.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    min_val, max_val : float
        The interval.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; an option that is no number.
    ValueError
        ``min_val`` is above ``max_val``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.hardtanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    x = real("hardtanh", "input", input)
    return computed("hardtanh", "hardtanh", x, _parameters("hardtanh", min_val, max_val, x.dtype))


def hardtanh_backward(
    grad_output: Array, input: Array, min_val: float = -1.0, max_val: float = 1.0
) -> Array:
    r"""Gradient of `hardtanh`: ``grad_output`` strictly inside the interval, 0 elsewhere (at its ends and for NaN too).

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `hardtanh` was given.
    min_val, max_val : float
        The options given to `hardtanh`.

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
    >>> F.hardtanh_backward(np.array([3.0, 3.0]), np.array([0.5, 1.0]))
    array([3., 0.])
    """
    function = "hardtanh_backward"
    x, dy = pair(function, grad_output, input)
    return computed_backward(function, "hardtanh", dy, x, _parameters(function, min_val, max_val, x.dtype))


def relu6(input: Array) -> Array:
    r"""Rectified linear unit with an upper limit, :math:`\min(\max(x, 0), 6)`; NaN stays NaN.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.relu6(np.array([-1.0, 2.0, 8.0]))
    array([0., 2., 6.])
    """
    x = real("relu6", "input", input)
    return computed("relu6", "hardtanh", x, [0.0, 6.0])


def relu6_backward(grad_output: Array, input: Array) -> Array:
    r"""Gradient of `relu6`: ``grad_output`` strictly between 0 and 6, 0 elsewhere.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `relu6` was given.

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
    >>> F.relu6_backward(np.array([3.0, 3.0]), np.array([2.0, 8.0]))
    array([3., 0.])
    """
    x, dy = pair("relu6_backward", grad_output, input)
    return computed_backward("relu6_backward", "hardtanh", dy, x, [0.0, 6.0])
