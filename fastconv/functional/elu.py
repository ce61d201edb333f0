"""Exponential linear unit."""

from fastconv._arrays import Array
from fastconv.functional._elementwise import backward, forward


def elu(input: Array, alpha: float = 1.0) -> Array:
    r"""Exponential linear unit: :math:`x` for :math:`x > 0`, else :math:`\alpha (e^x - 1)`.

    Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units
    (ELUs)", 2015.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    alpha : float
        :math:`\alpha`, the depth of the negative side.

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
    >>> F.elu(np.array([-1e4, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """
    return forward("elu", "elu", input, alpha=alpha)


def elu_backward(grad_output: Array, input: Array, alpha: float = 1.0) -> Array:
    r"""Gradient of `elu`: ``grad_output`` where the input is positive, times :math:`\alpha e^x` elsewhere.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `elu` was given.
    alpha : float
        The option given to `elu`.

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
    >>> F.elu_backward(np.array([3.0, 3.0]), np.array([0.0, 2.0]), alpha=0.5)
    array([1.5, 3. ])
    """
    return backward("elu_backward", "elu", grad_output, input, alpha=alpha)
