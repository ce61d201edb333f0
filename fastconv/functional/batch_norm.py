"""Batch normalisation and its gradients.

Statistics are those of the rows (one channel of one image), joined; where rows would be short, the channels are moved
to the front, so that each is one row.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, DType, check_shape, real
from fastconv._geometry import product
from fastconv.functional import _normalization as norm
from fastconv.functional._options import flag, number
from fastconv.functional._options import output_mask as checked_mask

SHORT = 16
"""Rows of fewer elements are not worth a call of a row function."""


class Statistics(NamedTuple):
    """What a forward pass normalised with: float64, one value for each channel."""

    mean: Array
    scale: Array
    """1 / sqrt(variance + eps)"""
    of_batch: bool
    values: int
    """How many each channel has in the batch."""


class Across(Protocol):
    """Joins what the parts of a batch have found, if other processes compute the rest of it."""

    def moments(self, mean: Array, square: Array, count: int) -> tuple[Array, Array, int]:
        """Mean, sum of squares around it and number of values."""

    def sums(self, *values: Array) -> Any:
        """Sums, one for each of the arguments."""


def batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Batch normalisation: each channel shifted and scaled to mean `bias` and deviation `weight`.

    .. math:: y = w_c \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}} + b_c

    with mean and variance over batch and positions (``training=True``), or with the given running ones. Ioffe and
    Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift" (2015).

    Parameters
    ----------
    input : array (N, C) or (N, C, ...)
        float32 or float64.
    running_mean, running_var : array (C,), or both None with ``training=True``
        Of the input's dtype. With ``training=True`` they are **updated in place**, the only arguments of this package
        that a function changes: :math:`r \leftarrow (1 - m) r + m s`, with `momentum` :math:`m` and the batch's mean,
        or its variance with :math:`n - 1` in the denominator. An empty batch leaves them as they are.
    weight, bias : array (C,), optional
        1 and 0 if left out.
    training : bool
    momentum : float
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
        Shapes that do not fit; one value per channel with ``training=True``, whose variance says nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> mean, var = np.zeros(2), np.ones(2)
    >>> F.batch_norm(x, mean, var, training=True).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> mean, var
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    """
    return forward(
        "batch_norm", input, running_mean, running_var, weight, bias, flag("batch_norm", "training", training),
        momentum, eps,
    )[0]  # fmt: skip


def batch_norm_backward(
    grad_output: Array,
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    training: bool = False,
    eps: float = 1e-5,
    *,
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> tuple[Array | None, Array | None, Array | None]:
    r"""Gradients of `batch_norm` with respect to input, weight and bias.

    With :math:`\hat x` the normalised input and sums over batch and positions, :math:`\bar b = \sum \bar y`,
    :math:`\bar w = \sum \bar y \hat x`, and :math:`\bar x = \frac{w}{\sqrt{\sigma^2 + \epsilon}} \bar y`, less
    :math:`\frac{w}{\sqrt{\sigma^2 + \epsilon}} \frac{\bar b + \hat x \bar w}{n}` if the statistics are the batch's.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the result of `batch_norm`.
    input, running_mean, running_var, weight, training, eps
        As given to `batch_norm`. With ``training=True`` the running statistics do not matter and are not changed.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, ``(C,)`` and ``(C,)``; None where ``output_mask`` says so.

    Raises
    ------
    TypeError, ValueError
        As `batch_norm`; also if ``grad_output`` has not the input's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[1.0], [3.0], [5.0]])
    >>> grad_input, grad_weight, grad_bias = F.batch_norm_backward(x, x, None, None, training=True)
    >>> grad_weight.round(3), grad_bias
    (array([4.899]), array([9.]))
    """
    function = "batch_norm_backward"
    training = flag(function, "training", training)
    x, w, _, mean, var = _checked(function, input, running_mean, running_var, weight, None, training)
    statistics = _statistics(function, _rows(x), x.shape[1], mean, var, training, eps)[0]
    _check_count(function, statistics.values, x)
    return gradients(function, grad_output, x, w, statistics, output_mask)


def forward(
    function: str,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
    momentum: Any,
    eps: Any,
    out: Array | None = None,
    across: Across | None = None,
) -> tuple[Array, Statistics]:
    """`batch_norm`, and what it normalised with; the result is written to `out` if that is given."""
    x, w, b, mean, var = _checked(function, input, running_mean, running_var, weight, bias, training)
    if (mean is None) != (var is None):
        raise ValueError(f"{function}: running_mean and running_var must both be given or both be None")
    m = number(function, "momentum", momentum, np.dtype(np.float64))
    if training and mean is not None and var is not None:
        _check_writeable(function, running_mean=running_mean, running_var=running_var)
    rows = _rows(x)
    statistics, variance = _statistics(function, rows, x.shape[1], mean, var, training, eps, across)
    n = statistics.values
    _check_count(function, n, x)
    with np.errstate(all="ignore"):
        if training and running_mean is not None and n:
            running_mean[...] = (1 - m) * running_mean + m * statistics.mean
            running_var[...] = (1 - m) * running_var + m * (variance * (n / (n - 1)))
        if not x.size:
            return x.copy(), statistics
        table = _table(x.dtype, statistics, w, b)
        y = _rows_for(out, rows)
        _backend.ops(x.dtype).normalize_rows(rows, table, None, None, y)
    return _written(out, y, x), statistics


def evaluation_table(
    function: str, channels: int, dtype: DType, mean: Any, var: Any, weight: Any, bias: Any, eps: Any
) -> Array:
    """What the kernel normalises with in evaluation: a row for each channel."""
    vectors = {"running_mean": mean, "running_var": var, "weight": weight, "bias": bias}
    m, v, w, b = (norm.vector(function, name, value, channels, dtype) for name, value in vectors.items())
    rows = np.empty((0, SHORT), dtype)
    return _table(dtype, _statistics(function, rows, channels, m, v, False, eps)[0], w, b)


def _table(dtype: DType, statistics: Statistics, weight: Array | None, bias: Array | None) -> Array:
    with np.errstate(all="ignore"):
        scale = statistics.scale if weight is None else weight * statistics.scale
        return norm.coefficients(dtype, statistics.mean, scale, 0.0 if bias is None else bias)


def gradients(
    function: str,
    grad_output: Any,
    input: Any,
    weight: Any,
    statistics: Statistics,
    output_mask: Any,
    out: Array | None = None,
    across: Across | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """`batch_norm_backward` with what the forward pass normalised with; `out` is for the gradient of the input."""
    x = real(function, "input", input)
    dy = real(function, "grad_output", grad_output, x.dtype)
    check_shape(function, "grad_output", dy, x.shape, "that of input")
    wants_input, wants_weight, wants_bias = checked_mask(function, output_mask)
    mean, scale, of_batch, n = statistics
    rows, dy_rows, channels = _rows(x), _rows(dy), x.shape[1]
    grad_input = grad_weight = grad_bias = None
    with np.errstate(all="ignore"):
        if wants_weight or wants_bias or (wants_input and of_batch):
            total, product_ = norm.products(dy_rows, rows, mean)
        if wants_weight:
            grad_weight = (product_ * scale).astype(x.dtype)
        if wants_bias:
            grad_bias = total.astype(x.dtype)
        if wants_input:
            factor = scale if weight is None else weight * scale
            dx = _rows_for(out, rows)
            if of_batch and across is not None:
                total, product_ = across.sums(total, product_)
            if x.size and of_batch:
                table = norm.coefficients(
                    x.dtype, mean, -factor * np.square(scale) * product_ / n, -factor * total / n, factor
                )
                _backend.ops(x.dtype).normalize_rows_backward(dy_rows, rows, table, None, dx)
            elif x.size:
                table = norm.coefficients(x.dtype, np.zeros(channels), factor, 0.0)
                _backend.ops(x.dtype).normalize_rows(dy_rows, table, None, None, dx)
            grad_input = _written(out, dx, x)
    return grad_input, grad_weight, grad_bias


def _checked(
    function: str, input: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any, training: bool
) -> tuple[Array, Array | None, Array | None, Array | None, Array | None]:
    x = real(function, "input", input)
    if x.ndim < 2:
        raise ValueError(f"{function}: input must be at least 2-D, (N, C, ...), got {x.ndim}-D of shape {x.shape}")
    if 0 in x.shape[1:]:
        raise ValueError(f"{function}: input must have at least one channel and position, got shape {x.shape}")
    channels = x.shape[1]
    names = ("running_mean", "running_var", "weight", "bias")
    values = (running_mean, running_var, weight, bias)
    mean, var, w, b = (
        norm.vector(function, name, value, channels, x.dtype) for name, value in zip(names, values, strict=True)
    )
    for name, value in (("running_mean", mean), ("running_var", var)):
        if value is None and not training:
            raise TypeError(f"{function}: {name} must be an array unless training, got None")
    return x, w, b, mean, var


def _check_count(function: str, count: int, x: Array) -> None:
    if count == 1:
        raise ValueError(
            f"{function}: input must have more than one value per channel in training, got shape {x.shape}"
        )


def _check_writeable(function: str, **arrays: Any) -> None:
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"{function}: {name} must be a NumPy array in training, as it is updated in place, "
                f"got {type(array).__name__}"
            )
        if not array.flags.writeable:
            raise ValueError(f"{function}: {name} must be writeable in training, got a read-only array")


def _statistics(
    function: str,
    rows: Array,
    channels: int,
    mean: Array | None,
    var: Array | None,
    training: bool,
    eps: Any,
    across: Across | None = None,
) -> tuple[Statistics, Array]:
    """The statistics to normalise with, and the variance of the batch or the given one."""
    added = norm.epsilon(function, eps, positive=training)
    with np.errstate(all="ignore"):
        if training:
            means, squares = (values.reshape(-1, channels) for values in norm.moments(rows))
            if rows.size:
                batch_mean, square = norm.joined(means, squares, rows.shape[1])
            else:
                batch_mean, square = np.zeros(channels), np.zeros(channels)
            count = rows.size // channels
            if across is not None:
                batch_mean, square, count = across.moments(batch_mean, square, count)
            variance = square / max(count, 1)
            return Statistics(batch_mean, 1 / np.sqrt(variance + added), True, count), variance
        given_mean, given = np.asarray(mean, np.float64), np.asarray(var, np.float64)
        return Statistics(given_mean, 1 / np.sqrt(given + added), False, 0), given


def _rows(x: Array) -> Array:
    """One row for each image and channel, or if these are short for each channel; row r belongs to channel r % C."""
    n, channels, length = x.shape[0], x.shape[1], product(x.shape[2:])
    if length >= SHORT:
        return x.reshape(n * channels, length)
    return np.ascontiguousarray(x.reshape(n, channels, length).transpose(1, 0, 2)).reshape(channels, n * length)


def _rows_for(out: Array | None, rows: Array) -> Array:
    """Where rows of a result are written: into `out` itself if they lie there as they are."""
    return np.empty_like(rows) if out is None or product(out.shape[2:]) < SHORT else _rows(out)


def _written(out: Array | None, rows: Array, x: Array) -> Array:
    """The result as an image, in `out` if that is given."""
    if out is None:
        return _image(rows, x)
    if product(x.shape[2:]) < SHORT:
        np.copyto(out, _image(rows, x))
    return out


def _image(rows: Array, x: Array) -> Array:
    """What `_rows` did, undone."""
    n, channels, length = x.shape[0], x.shape[1], product(x.shape[2:])
    if length >= SHORT:
        return rows.reshape(x.shape)
    return np.array(rows.reshape(channels, n, length).transpose(1, 0, 2), order="C").reshape(x.shape)
