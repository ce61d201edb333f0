"""Softmax and its logarithm along an axis, and their gradients from the saved output."""

from typing import Any

from fastconv import _backend
from fastconv._arrays import Array, empty, real
from fastconv._geometry import Shape, integer, product
from fastconv.functional._elementwise import pair


def axis(function: str, dim: Any, ndim: int) -> int:
    """The axis that ``dim`` means, counted from 0; a 0-d array counts as one of one element."""
    axes = max(ndim, 1)
    return integer(function, "dim", dim, -axes, axes - 1) % axes


def _three(shape: Shape, dim: int) -> Shape:
    """The shape (outer, C, inner) with axis ``dim`` in the middle."""
    shape = shape or (1,)
    return product(shape[:dim]), shape[dim], product(shape[dim + 1 :])


def _forward(function: str, input: Any, dim: Any, logarithm: bool) -> Array:
    x = real(function, "input", input)
    three = _three(x.shape, axis(function, dim, x.ndim))
    y = empty(function, "input", x.shape, x.dtype)
    if y.size:
        _backend.ops(x.dtype).softmax(x.reshape(three), y.reshape(three), logarithm)
    return y


def _backward(function: str, grad_output: Any, output: Any, dim: Any, logarithm: bool) -> Array:
    y, dy = pair(function, grad_output, output, "output")
    three = _three(y.shape, axis(function, dim, y.ndim))
    dx = empty(function, "output", y.shape, y.dtype)
    if dx.size:
        arrays = dy.reshape(three), y.reshape(three), dx.reshape(three)
        _backend.ops(y.dtype).softmax_backward(*arrays, logarithm)
    return dx


def softmax(input: Array, dim: int = -1) -> Array:
    r"""Softmax, :math:`y_c = e^{x_c} / \sum_j e^{x_j}` along an axis.

    The largest element is subtracted first, so that no exponential overflows; sums are taken in double.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    dim : int
        The axis; negative ones count from the end.

    Returns
    -------
    array
        Of the input's shape and dtype; NaN where a row has a NaN, an infinity, or nothing above minus infinity.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; a ``dim`` that is no int.
    ValueError
        No such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.softmax(np.array([[1e4, 0.0], [2.0, 2.0]]))
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    return _forward("softmax", input, dim, False)


def softmax_backward(grad_output: Array, output: Array, dim: int = -1) -> Array:
    r"""Gradient of `softmax`: :math:`\bar x_c = y_c (\bar y_c - \sum_j \bar y_j y_j)`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    output : array of the same shape and dtype
        What `softmax` returned.
    dim : int
        The axis given to `softmax`.

    Returns
    -------
    array
        Gradient with respect to the input.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong kind or dtype; shapes that differ; no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.softmax_backward(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    array([ 0.25, -0.25])
    """
    return _backward("softmax_backward", grad_output, output, dim, False)


def log_softmax(input: Array, dim: int = -1) -> Array:
    r"""Logarithm of the softmax, :math:`y_c = x_c - \log \sum_j e^{x_j}` along an axis.

    Nothing overflows and no probability is rounded to 0 on the way; sums are taken in double.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    dim : int
        The axis; negative ones count from the end.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; a ``dim`` that is no int.
    ValueError
        No such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.log_softmax(np.array([1e4, 0.0]))
    array([     0., -10000.])
    """
    return _forward("log_softmax", input, dim, True)


def log_softmax_backward(grad_output: Array, output: Array, dim: int = -1) -> Array:
    r"""Gradient of `log_softmax`: :math:`\bar x_c = \bar y_c - e^{y_c} \sum_j \bar y_j`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    output : array of the same shape and dtype
        What `log_softmax` returned; a positive element counts as 0, as no logarithm of a probability is.
    dim : int
        The axis given to `log_softmax`.

    Returns
    -------
    array
        Gradient with respect to the input.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong kind or dtype; shapes that differ; no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.log_softmax_backward(np.array([1.0, 0.0]), np.log(np.array([0.5, 0.5])))
    array([ 0.5, -0.5])
    """
    return _backward("log_softmax_backward", grad_output, output, dim, True)
