"""Leaky rectified linear unit."""

from fastconv._arrays import Array
from fastconv.functional._elementwise import backward, forward


def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    r"""Rectified linear unit with a slope for negative inputs: :math:`x` for :math:`x > 0`, else :math:`s x`.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    negative_slope : float
        :math:`s`.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; an option that is no number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.leaky_relu(np.array([-1.0, 2.0]), 0.1)
    array([-0.1,  2. ])
    """
    return forward("leaky_relu", "leaky_relu", input, negative_slope=negative_slope)


def leaky_relu_backward(grad_output: Array, input: Array, negative_slope: float = 0.01) -> Array:
    r"""Gradient of `leaky_relu`: ``grad_output`` where the input is positive, times the slope elsewhere.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `leaky_relu` was given.
    negative_slope : float
        The option given to `leaky_relu`.

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
    >>> F.leaky_relu_backward(np.array([3.0, 3.0]), np.array([0.0, 2.0]), 0.5)
    array([1.5, 3. ])
    """
    return backward("leaky_relu_backward", "leaky_relu", grad_output, input, negative_slope=negative_slope)
