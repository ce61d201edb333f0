"""Layer normalisation and its gradients. Rows are samples, or whatever stands before the normalised axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import Shape, is_integer, product, shape_argument
from fastconv.functional import _normalization as norm
from fastconv.functional._options import output_mask as checked_mask

PART = 64
"""Rows of a part whose columns are summed apart, at least; and the most parts."""
MOST_PARTS = 16


def layer_norm(
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""Layer normalisation: what stands in the last axes, shifted and scaled to mean 0 and variance 1.

    .. math:: y_{ri} = w_i \frac{x_{ri} - \mu_r}{\sqrt{\sigma_r^2 + \epsilon}} + b_i

    with mean and variance over the axes of `normalized_shape`. Ba, Kiros and Hinton, "Layer normalization" (2016).

    Parameters
    ----------
    input : array, whose shape ends in normalized_shape
        float32 or float64.
    normalized_shape : int or sequence of int
        The last axes of the input.
    weight, bias : array of shape normalized_shape, optional
        1 and 0 if left out.
    eps : float
        Added to the variance.

    Returns
    -------
    array
        Of the input's shape and dtype.

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
    >>> F.layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), 2).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    return forward("layer_norm", input, normalized_shape, weight, bias, eps)[0]


def layer_norm_backward(
    grad_output: Array,
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array | None = None,
    eps: float = 1e-5,
    *,
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> tuple[Array | None, Array | None, Array | None]:
    r"""Gradients of `layer_norm` with respect to input, weight and bias.

    With :math:`\hat x` the normalised input, :math:`s` its scale and :math:`\langle\rangle` the mean over a row:
    :math:`\bar x = s (w \bar y - \langle w \bar y \rangle - \hat x \langle w \bar y \hat x \rangle)`;
    :math:`\bar w = \sum_r \bar y \hat x` and :math:`\bar b = \sum_r \bar y`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the result of `layer_norm`.
    input, normalized_shape, weight, eps
        As given to `layer_norm`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, ``normalized_shape`` and ``normalized_shape``; None where ``output_mask`` says so.

    Raises
    ------
    TypeError, ValueError
        As `layer_norm`; also if ``grad_output`` has not the input's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[1.0, 3.0], [10.0, 30.0]])
    >>> grad_input, grad_weight, grad_bias = F.layer_norm_backward(x, x, 2)
    >>> grad_weight.round(3), grad_bias
    (array([-11.,  33.]), array([11., 33.]))
    """
    function = "layer_norm_backward"
    x, shape, w, _ = _checked(function, input, normalized_shape, weight, None)
    statistics = _statistics(x, shape, norm.epsilon(function, eps))
    return gradients(function, grad_output, x, shape, w, statistics, output_mask)


def forward(
    function: str, input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: Any
) -> tuple[Array, tuple[Array, Array]]:
    """`layer_norm`, and what it normalised with: mean and scale of each row."""
    x, shape, w, b = _checked(function, input, normalized_shape, weight, bias)
    mean, scale = statistics = _statistics(x, shape, norm.epsilon(function, eps))
    y = np.empty_like(x)
    if x.size:
        rows = _rows(x, shape)
        weights = offsets = None
        if w is not None or b is not None:
            weights = np.ones(rows.shape[1], x.dtype) if w is None else w.reshape(-1)
            offsets = np.zeros(rows.shape[1], x.dtype) if b is None else b.reshape(-1)
        with np.errstate(all="ignore"):
            table = norm.coefficients(x.dtype, mean, scale, 0.0)
            _backend.ops(x.dtype).normalize_rows(rows, table, weights, offsets, y.reshape(rows.shape))
    return y, statistics


def gradients(
    function: str,
    grad_output: Any,
    x: Array,
    shape: Shape,
    w: Array | None,
    statistics: tuple[Array, Array],
    output_mask: Any,
) -> tuple[Array | None, Array | None, Array | None]:
    """`layer_norm_backward` with checked arrays and what the forward pass normalised with."""
    dy = real(function, "grad_output", grad_output, x.dtype)
    check_shape(function, "grad_output", dy, x.shape, "that of input")
    wants_input, wants_weight, wants_bias = checked_mask(function, output_mask)
    grad_input = grad_weight = grad_bias = None
    if not x.size:
        zeros = (
            np.zeros(like, x.dtype) if wanted else None
            for like, wanted in ((x.shape, wants_input), (shape, wants_weight), (shape, wants_bias))
        )
        return next(zeros), next(zeros), next(zeros)
    n = product(shape)
    rows, dy_rows = _rows(x, shape), _rows(dy, shape)
    mean, scale = statistics
    kernels = _backend.ops(x.dtype)
    with np.errstate(all="ignore"):
        if wants_weight or wants_bias:
            parts = min(-(-len(rows) // PART), MOST_PARTS)
            sums, products = np.empty((parts, n)), np.empty((parts, n))
            table = np.stack([mean, scale], axis=1).astype(x.dtype)
            kernels.column_products(dy_rows, rows, table, sums, products)
            grad_weight = products.sum(0).astype(x.dtype).reshape(shape) if wants_weight else None
            grad_bias = sums.sum(0).astype(x.dtype).reshape(shape) if wants_bias else None
        if wants_input:
            weights = None if w is None else w.reshape(-1)
            sums, products = norm.products(dy_rows, rows, mean, weights)
            table = norm.coefficients(x.dtype, mean, -(scale**3) * products / n, -scale * sums / n, scale)
            grad_input = np.empty_like(x)
            kernels.normalize_rows_backward(dy_rows, rows, table, weights, grad_input.reshape(rows.shape))
    return grad_input, grad_weight, grad_bias


def normalized(function: str, value: Any) -> Shape:
    """`normalized_shape` as a tuple."""
    shape = shape_argument(function, "normalized_shape", [value] if is_integer(value) else value)
    if not shape:
        raise ValueError(f"{function}: normalized_shape must have at least one axis, got ()")
    return shape


def _checked(
    function: str, input: Any, normalized_shape: Any, weight: Any, bias: Any
) -> tuple[Array, Shape, Array | None, Array | None]:
    x = real(function, "input", input)
    shape = normalized(function, normalized_shape)
    if x.ndim < len(shape) or x.shape[-len(shape) :] != shape:
        raise ValueError(f"{function}: input must have shape (..., {str(shape)[1:-1].rstrip(',')}), got {x.shape}")
    arrays = []
    for name, value in (("weight", weight), ("bias", bias)):
        array = None if value is None else real(function, name, value, x.dtype)
        if array is not None:
            check_shape(function, name, array, shape, "normalized_shape")
        arrays.append(array)
    return x, shape, arrays[0], arrays[1]


def _rows(x: Array, shape: Shape) -> Array:
    return x.reshape(product(x.shape[: x.ndim - len(shape)]), product(shape))


def _statistics(x: Array, shape: Shape, eps: float) -> tuple[Array, Array]:
    """Mean and 1 / sqrt(variance + eps) of each row."""
    rows = _rows(x, shape)
    with np.errstate(all="ignore"):
        means, squares = norm.moments(rows)
        return means, 1 / np.sqrt(squares / max(rows.shape[1], 1) + eps)
