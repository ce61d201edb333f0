"""Group normalisation and its gradients. Rows are channels of images; groups join the moments of their rows."""

from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import integer, product
from fastconv.functional import _normalization as norm
from fastconv.functional._options import output_mask as checked_mask


def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    r"""Group normalisation: each sample's groups of channels shifted and scaled to mean 0 and variance 1.

    .. math:: y = w_c \frac{x - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \epsilon}} + b_c

    with mean and variance over positions and the C / num_groups neighbouring channels of a group. Wu and He, "Group
    normalization" (2018). With as many groups as channels it is instance normalisation.

    Parameters
    ----------
    input : array (N, C) or (N, C, ...)
        float32 or float64.
    num_groups : int
        Divides C.
    weight, bias : array (C,), optional
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
        Shapes that do not fit; one value in a single group, whose variance says nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2).round(3)
    array([[-1.,  1., -1.,  1.]])
    """
    return forward("group_norm", input, num_groups, weight, bias, eps)[0]


def group_norm_backward(
    grad_output: Array,
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    eps: float = 1e-5,
    *,
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> tuple[Array | None, Array | None, Array | None]:
    r"""Gradients of `group_norm` with respect to input, weight and bias.

    With :math:`\hat x` the normalised input, :math:`s` its scale and :math:`\langle\rangle` the mean over a group:
    :math:`\bar x = s (w \bar y - \langle w \bar y \rangle - \hat x \langle w \bar y \hat x \rangle)`;
    :math:`\bar w = \sum \bar y \hat x` and :math:`\bar b = \sum \bar y` over samples and positions.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the result of `group_norm`.
    input, num_groups, weight, eps
        As given to `group_norm`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, ``(C,)`` and ``(C,)``; None where ``output_mask`` says so.

    Raises
    ------
    TypeError, ValueError
        As `group_norm`; also if ``grad_output`` has not the input's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[1.0, 3.0, 10.0, 30.0]])
    >>> grad_input, grad_weight, grad_bias = F.group_norm_backward(x, x, 2)
    >>> grad_weight.round(3), grad_bias
    (array([ -1.,   3., -10.,  30.]), array([ 1.,  3., 10., 30.]))
    """
    function = "group_norm_backward"
    x, groups, w, _ = _checked(function, input, num_groups, weight, None)
    statistics = _statistics(x, groups, norm.epsilon(function, eps))
    return gradients(function, grad_output, x, groups, w, statistics, output_mask)


def forward(
    function: str, input: Any, num_groups: Any, weight: Any, bias: Any, eps: Any
) -> tuple[Array, tuple[Array, Array]]:
    """`group_norm`, and what it normalised with: mean and scale of each row."""
    x, groups, w, b = _checked(function, input, num_groups, weight, bias)
    mean, scale = statistics = _statistics(x, groups, norm.epsilon(function, eps))
    rows = _rows(x)
    y = np.empty_like(rows)
    if x.size:
        with np.errstate(all="ignore"):
            offset = 0.0 if b is None else np.resize(b, len(rows)).astype(np.float64)
            table = norm.coefficients(x.dtype, mean, scale if w is None else scale * np.resize(w, len(rows)), offset)
            _backend.ops(x.dtype).normalize_rows(rows, table, None, None, y)
    return y.reshape(x.shape), statistics


def gradients(
    function: str,
    grad_output: Any,
    x: Array,
    groups: int,
    w: Array | None,
    statistics: tuple[Array, Array],
    output_mask: Any,
) -> tuple[Array | None, Array | None, Array | None]:
    """`group_norm_backward` with checked arrays and what the forward pass normalised with."""
    dy = real(function, "grad_output", grad_output, x.dtype)
    check_shape(function, "grad_output", dy, x.shape, "that of input")
    wants_input, wants_weight, wants_bias = checked_mask(function, output_mask)
    n, channels = x.shape[:2]
    rows, dy_rows = _rows(x), _rows(dy)
    mean, scale = statistics
    grad_input = grad_weight = grad_bias = None
    with np.errstate(all="ignore"):
        sums, products = norm.products(dy_rows, rows, mean)
        if wants_weight:
            grad_weight = (products * scale).reshape(n, channels).sum(0).astype(x.dtype)
        if wants_bias:
            grad_bias = sums.reshape(n, channels).sum(0).astype(x.dtype)
        if wants_input:
            weights = np.ones(len(rows)) if w is None else np.resize(w, len(rows)).astype(np.float64)
            count = max(x.size // max(n * groups, 1), 1)
            total, product_ = (
                np.repeat((weights * each).reshape(n * groups, channels // groups).sum(1) / count, channels // groups)
                for each in (sums, products)
            )
            dx = np.empty_like(rows)
            if x.size:
                table = norm.coefficients(x.dtype, mean, -(scale**3) * product_, -scale * total, weights * scale)
                _backend.ops(x.dtype).normalize_rows_backward(dy_rows, rows, table, None, dx)
            grad_input = dx.reshape(x.shape)
    return grad_input, grad_weight, grad_bias


def _checked(
    function: str, input: Any, num_groups: Any, weight: Any, bias: Any
) -> tuple[Array, int, Array | None, Array | None]:
    x = real(function, "input", input)
    if x.ndim < 2:
        raise ValueError(f"{function}: input must be at least 2-D, (N, C, ...), got {x.ndim}-D of shape {x.shape}")
    if 0 in x.shape[1:]:
        raise ValueError(f"{function}: input must have at least one channel and position, got shape {x.shape}")
    groups = integer(function, "num_groups", num_groups, 1)
    if x.shape[1] % groups:
        raise ValueError(f"{function}: num_groups must divide the {x.shape[1]} channels of input, got {groups}")
    if x.size == groups:  # as torch has it, this counts the samples too
        raise ValueError(f"{function}: input must have more than one value per group, got shape {x.shape}")
    w, b = (norm.vector(function, name, v, x.shape[1], x.dtype) for name, v in (("weight", weight), ("bias", bias)))
    return x, groups, w, b


def _rows(x: Array) -> Array:
    return x.reshape(x.shape[0] * x.shape[1], product(x.shape[2:]))


def _statistics(x: Array, groups: int, eps: float) -> tuple[Array, Array]:
    """Mean and 1 / sqrt(variance + eps) of the group of each row."""
    rows, each = _rows(x), x.shape[1] // groups
    with np.errstate(all="ignore"):
        means, squares = (values.reshape(-1, each).T for values in norm.moments(rows))
        mean, square = norm.joined(means, squares, rows.shape[1])
        return np.repeat(mean, each), np.repeat(1 / np.sqrt(square / (each * rows.shape[1]) + eps), each)
