"""Fully connected layer and its gradients."""

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, empty, real
from fastconv._geometry import product
from fastconv.functional._options import output_mask as checked_mask


def _check(function: str, x: Array, w: Array) -> None:
    if w.ndim != 2:
        raise ValueError(
            f"{function}: weight must be 2-D, (out_features, in_features), got {w.ndim}-D of shape {w.shape}"
        )
    if x.ndim == 0:
        raise ValueError(f"{function}: input must be at least 1-D, (..., in_features), got a 0-d array")
    if x.shape[-1] != w.shape[1]:
        raise ValueError(
            f"{function}: weight of shape {w.shape} fits {w.shape[1]} input features, "
            f"but input of shape {x.shape} has {x.shape[-1]}"
        )


def _matrix(array: Array) -> Array:
    """The array with its leading axes made one: its rows."""
    if array.ndim == 2:
        return array
    return array.reshape(product(array.shape[:-1]), array.shape[-1])


def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""Matrix product of features with weights, plus a bias: :math:`y = x W^\top + b`.

    Parameters
    ----------
    input : array (..., in_features)
        float32 or float64.
    weight : array (out_features, in_features)
        Of the input's dtype.
    bias : array (out_features,), optional
        Added to each row of the result.

    Returns
    -------
    array (..., out_features)

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.25]))
    array([[11.5 , 17.25]])
    """
    x = real("linear", "input", input)
    w = real("linear", "weight", weight, x.dtype)
    b = None if bias is None else real("linear", "bias", bias, x.dtype)
    _check("linear", x, w)
    features_out, features_in = w.shape
    if b is not None:
        check_shape("linear", "bias", b, (features_out,), "one value for each output feature")
    y = empty("linear", "weight", (*x.shape[:-1], features_out), x.dtype)
    if not y.size:
        return y
    if features_in == 0:  # the empty sum
        y[...] = 0 if b is None else b
        return y
    _backend.ops(x.dtype).linear(_matrix(x), w, b, _matrix(y))
    return y


def linear_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    *,
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> tuple[Array | None, Array | None, Array | None]:
    r"""Gradients of `linear` with respect to input, weight and bias.

    With :math:`\bar y` = ``grad_output`` as a matrix: :math:`\bar x = \bar y W`, :math:`\bar W = \bar y^\top
    x`, and :math:`\bar b` is the sum of the rows of :math:`\bar y`.

    Parameters
    ----------
    grad_output : array (..., out_features)
        Gradient with respect to the result of `linear`.
    input, weight
        The arrays given to `linear`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, weight and ``(out_features,)``; None where ``output_mask`` says so.

    Raises
    ------
    TypeError, ValueError
        As `linear`; also if ``grad_output`` has not the result's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    >>> F.linear_backward(np.array([[1.0, 10.0]]), x, w)
    (array([[53., 64.]]), array([[ 1.,  2.],
           [10., 20.]]), array([ 1., 10.]))
    """
    x = real("linear_backward", "input", input)
    w = real("linear_backward", "weight", weight, x.dtype)
    dy = real("linear_backward", "grad_output", grad_output, x.dtype)
    wants_input, wants_weight, wants_bias = checked_mask("linear_backward", output_mask)
    _check("linear_backward", x, w)
    features_out = len(w)
    expected = (*x.shape[:-1], features_out)
    check_shape("linear_backward", "grad_output", dy, expected, "that of the forward result")
    x_rows, dy_rows = _matrix(x), _matrix(dy)
    kernels = _backend.ops(x.dtype)
    grad_input = grad_weight = grad_bias = None
    # Where a sum has no terms the gradient is zero and there is nothing for a kernel to do.
    if wants_input:
        if x.size and features_out:
            grad_input = np.empty(x.shape, x.dtype)
            kernels.linear_grad_input(dy_rows, w, _matrix(grad_input))
        else:
            grad_input = np.zeros(x.shape, x.dtype)
    if wants_weight:
        if w.size and len(x_rows):
            grad_weight = np.empty(w.shape, x.dtype)
            kernels.linear_grad_weight(dy_rows, x_rows, grad_weight)
        else:
            grad_weight = np.zeros(w.shape, x.dtype)
    if wants_bias:
        if dy.size:
            grad_bias = np.empty(features_out, x.dtype)
            kernels.linear_grad_bias(dy_rows, grad_bias)
        else:
            grad_bias = np.zeros(features_out, x.dtype)
    return grad_input, grad_weight, grad_bias
