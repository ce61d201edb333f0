"""Activations, element by element, and their gradients from the saved output."""

from fastconv import _backend
from fastconv._arrays import Array, check_shape, empty, real


def _forward(name: str, input: Array) -> Array:
    x = real(name, "input", input)
    y = empty(name, "input", x.shape, x.dtype)
    if y.size:
        getattr(_backend.ops(x.dtype), name)(x, y)
    return y


def _backward(name: str, grad_output: Array, output: Array) -> Array:
    y = real(name, "output", output)
    dy = real(name, "grad_output", grad_output, y.dtype)
    check_shape(name, "grad_output", dy, y.shape, "that of output")
    dx = empty(name, "output", y.shape, y.dtype)
    if dx.size:
        getattr(_backend.ops(y.dtype), name)(dy, y, dx)
    return dx


def relu(input: Array) -> Array:
    r"""Rectified linear unit, :math:`\max(x, 0)`; NaN stays NaN.

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
    >>> F.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return _forward("relu", input)


def relu_backward(grad_output: Array, output: Array) -> Array:
    r"""Gradient of `relu`: ``grad_output`` where the output is positive, 0 elsewhere (at 0 too).

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    output : array of the same shape and dtype
        What `relu` returned.

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
    >>> F.relu_backward(np.array([3.0, 3.0]), np.array([0.0, 2.0]))
    array([0., 3.])
    """
    return _backward("relu_backward", grad_output, output)


def sigmoid(input: Array) -> Array:
    r"""Logistic function, :math:`1 / (1 + e^{-x})`.

    Computed as :math:`e^x / (1 + e^x)` for negative x, so that no exponential overflows.

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
    >>> F.sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    return _forward("sigmoid", input)


def sigmoid_backward(grad_output: Array, output: Array) -> Array:
    r"""Gradient of `sigmoid`: :math:`\bar x = \bar y\, y (1 - y)`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    output : array of the same shape and dtype
        What `sigmoid` returned.

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
    >>> F.sigmoid_backward(np.array([1.0]), np.array([0.5]))
    array([0.25])
    """
    return _backward("sigmoid_backward", grad_output, output)


def tanh(input: Array) -> Array:
    r"""Hyperbolic tangent, :math:`(e^x - e^{-x}) / (e^x + e^{-x})`.

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
    >>> F.tanh(np.array([-1e4, 0.0, 1e4]))
    array([-1.,  0.,  1.])
    """
    return _forward("tanh", input)


def tanh_backward(grad_output: Array, output: Array) -> Array:
    r"""Gradient of `tanh`: :math:`\bar x = \bar y\, (1 - y^2)`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    output : array of the same shape and dtype
        What `tanh` returned.

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
    >>> F.tanh_backward(np.array([1.0]), np.array([0.5]))
    array([0.75])
    """
    return _backward("tanh_backward", grad_output, output)
