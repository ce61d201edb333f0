"""Sigmoid linear unit."""

from fastconv._arrays import Array
from fastconv.functional._elementwise import backward, forward


def silu(input: Array) -> Array:
    r"""Sigmoid linear unit ("swish"), :math:`x\, \sigma(x)` with the logistic function :math:`\sigma`.

    As :math:`x e^x / (1 + e^x)` for negative x, so that no exponential overflows and the result is good to
    three units in its last place. At :math:`-\infty` it is NaN, as in torch.

    Elfwing, Uchibe and Doya, "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in
    Reinforcement Learning", 2017.

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
    >>> F.silu(np.array([-1e4, 0.0, 1e4]))
    array([   -0.,     0., 10000.])
    """
    return forward("silu", "silu", input)


def silu_backward(grad_output: Array, input: Array) -> Array:
    r"""Gradient of `silu`: :math:`\bar x = \bar y\, \sigma(x) (1 + x (1 - \sigma(x)))`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `silu` was given.

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
    >>> F.silu_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    return backward("silu_backward", "silu", grad_output, input)
