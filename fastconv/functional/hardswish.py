"""Piecewise forms of the logistic function and of silu: hardsigmoid and hardswish."""

from fastconv._arrays import Array
from fastconv.functional._elementwise import backward, forward


def hardsigmoid(input: Array) -> Array:
    r"""Logistic function from straight lines, :math:`\min(\max(x + 3, 0), 6) / 6`.

    Howard et al., "Searching for MobileNetV3", 2019.

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
    >>> F.hardsigmoid(np.array([-4.0, 0.0, 1.5]))
    array([0.  , 0.5 , 0.75])
    """
    return forward("hardsigmoid", "hardsigmoid", input)


def hardsigmoid_backward(grad_output: Array, input: Array) -> Array:
    r"""Gradient of `hardsigmoid`: a sixth of ``grad_output`` strictly between -3 and 3, 0 elsewhere.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `hardsigmoid` was given.

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
    >>> F.hardsigmoid_backward(np.array([3.0, 3.0]), np.array([0.0, 3.0]))
    array([0.5, 0. ])
    """
    return backward("hardsigmoid_backward", "hardsigmoid", grad_output, input)


def hardswish(input: Array) -> Array:
    r"""`silu` from straight lines, :math:`x \min(\max(x + 3, 0), 6) / 6`.

    Howard et al., "Searching for MobileNetV3", 2019.

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
    >>> F.hardswish(np.array([-4.0, 1.5, 4.0]))
    array([-0.   ,  1.125,  4.   ])
    """
    return forward("hardswish", "hardswish", input)


def hardswish_backward(grad_output: Array, input: Array) -> Array:
    r"""Gradient of `hardswish`: times :math:`x/3 + 1/2` strictly between -3 and 3, 0 below and 1 above.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `hardswish` was given.

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
    >>> F.hardswish_backward(np.array([1.0, 1.0]), np.array([0.0, 3.0]))
    array([0.5, 1. ])
    """
    return backward("hardswish_backward", "hardswish", grad_output, input)
