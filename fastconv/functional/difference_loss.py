"""Losses of a difference: mse_loss, l1_loss, huber_loss, smooth_l1_loss.

Each is ``a d^2`` up to some size of the difference d, and ``b (|d| - c)`` beyond.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, empty, real
from fastconv._geometry import shown
from fastconv.functional._options import number, word
from fastconv.functional._reduction import REDUCTIONS, gradient_scale, reduced, upstream


class _Curve(NamedTuple):
    """The loss of a difference d: ``quadratic d^2`` where ``|d| <= limit``, else ``linear (|d| - offset)``."""

    limit: float
    quadratic: float
    linear: float
    offset: float


SQUARE = _Curve(math.inf, 1.0, 0.0, 0.0)
ABSOLUTE = _Curve(0.0, 0.0, 1.0, 0.0)


def _checked(function: str, input: Any, target: Any, reduction: Any) -> tuple[Array, Array]:
    x = real(function, "input", input)
    t = real(function, "target", target, x.dtype)
    check_shape(function, "target", t, x.shape, "that of input")
    word(function, "reduction", reduction, REDUCTIONS)
    return x, t


def _loss(x: Array, t: Array, reduction: str, curve: _Curve) -> float | Array:
    losses = np.empty(x.shape, x.dtype)
    if x.size:
        _backend.ops(x.dtype).difference_loss(x, t, losses, None, *curve, 1.0)
    return reduced(losses, reduction, x.size)


def _gradient(function: str, grad_output: Any, x: Array, t: Array, reduction: str, curve: _Curve) -> Array:
    factor, each = upstream(function, grad_output, x.shape, x.dtype, reduction)
    grad_input = empty(function, "input", x.shape, x.dtype)
    if x.size:
        scale = factor * gradient_scale(reduction, x.size)
        _backend.ops(x.dtype).difference_loss(x, t, None, grad_input, *curve, scale)
    if each is not None:
        with np.errstate(all="ignore"):
            grad_input *= each
    return grad_input


def _huber(function: str, delta: Any, x: Array) -> _Curve:
    d = number(function, "delta", delta, x.dtype)
    if not d > 0:
        raise ValueError(f"{function}: delta must be > 0, got {shown(delta)}")
    return _Curve(d, 0.5, d, 0.5 * d) if d < math.inf else SQUARE._replace(quadratic=0.5)


def _smooth_l1(function: str, beta: Any, x: Array) -> _Curve:
    b = number(function, "beta", beta, x.dtype)
    if not 0 <= b < math.inf:
        raise ValueError(f"{function}: beta must be >= 0 and finite, got {shown(beta)}")
    return _Curve(b, 0.5 / b, 1.0, 0.5 * b) if 0.5 * b > 0 and math.isfinite(0.5 / b) else ABSOLUTE


def mse_loss(input: Array, target: Array, reduction: str = "mean") -> float | Array:
    r"""Squared difference.

    .. math:: \ell = (x - t)^2

    Parameters
    ----------
    input : array of any shape
        Predictions; float32 or float64.
    target : array of the same shape and dtype
        What they should be.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides by the number of elements.

    Returns
    -------
    float, or array of the input's shape with ``reduction="none"``

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that differ, an unknown reduction.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.mse_loss(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    2.0
    """
    x, t = _checked("mse_loss", input, target, reduction)
    return _loss(x, t, reduction, SQUARE)


def mse_loss_backward(
    grad_output: float | Array, input: Array, target: Array, reduction: str = "mean"
) -> Array:
    """Gradient of `mse_loss` with respect to the input; NaN where the difference is.

    Parameters
    ----------
    grad_output : float, or array of the input's shape with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, reduction
        The arguments given to `mse_loss`.

    Returns
    -------
    array
        Of the shape and dtype of the input. That of the target is its negative.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.mse_loss_backward(1.0, np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    array([0., 2.])
    """
    function = "mse_loss_backward"
    x, t = _checked(function, input, target, reduction)
    return _gradient(function, grad_output, x, t, reduction, SQUARE)


def l1_loss(input: Array, target: Array, reduction: str = "mean") -> float | Array:
    r"""Absolute difference; its gradient where there is none is 0.

    .. math:: \ell = |x - t|

    Parameters
    ----------
    input : array of any shape
        Predictions; float32 or float64.
    target : array of the same shape and dtype
        What they should be.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides by the number of elements.

    Returns
    -------
    float, or array of the input's shape with ``reduction="none"``

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that differ, an unknown reduction.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.l1_loss(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    1.0
    """
    x, t = _checked("l1_loss", input, target, reduction)
    return _loss(x, t, reduction, ABSOLUTE)


def l1_loss_backward(
    grad_output: float | Array, input: Array, target: Array, reduction: str = "mean"
) -> Array:
    """Gradient of `l1_loss` with respect to the input; NaN where the difference is.

    Parameters
    ----------
    grad_output : float, or array of the input's shape with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, reduction
        The arguments given to `l1_loss`.

    Returns
    -------
    array
        Of the shape and dtype of the input. That of the target is its negative.

    Raises
    ------
    TypeError, ValueError
        As `l1_loss`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.l1_loss_backward(1.0, np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    array([0. , 0.5])
    """
    function = "l1_loss_backward"
    x, t = _checked(function, input, target, reduction)
    return _gradient(function, grad_output, x, t, reduction, ABSOLUTE)


def huber_loss(input: Array, target: Array, reduction: str = "mean", delta: float = 1.0) -> float | Array:
    r"""Half the squared difference, growing no faster than a line from some size on.

    .. math:: \ell = \tfrac12 d^2 \text{ for } |d| \le \delta, \qquad \delta\, (|d| - \tfrac12 \delta) \text{ beyond}

    with the difference :math:`d = x - t`.

    P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964).

    Parameters
    ----------
    input : array of any shape
        Predictions; float32 or float64.
    target : array of the same shape and dtype
        What they should be.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides by the number of elements.
    delta : float
        :math:`\delta > 0`, the largest slope.

    Returns
    -------
    float, or array of the input's shape with ``reduction="none"``

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that differ, an unknown reduction, a ``delta`` out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.huber_loss(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    0.75
    """
    x, t = _checked("huber_loss", input, target, reduction)
    return _loss(x, t, reduction, _huber("huber_loss", delta, x))


def huber_loss_backward(
    grad_output: float | Array, input: Array, target: Array, reduction: str = "mean", delta: float = 1.0
) -> Array:
    """Gradient of `huber_loss` with respect to the input; NaN where the difference is.

    Parameters
    ----------
    grad_output : float, or array of the input's shape with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, reduction, delta
        The arguments given to `huber_loss`.

    Returns
    -------
    array
        Of the shape and dtype of the input. That of the target is its negative.

    Raises
    ------
    TypeError, ValueError
        As `huber_loss`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.huber_loss_backward(1.0, np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    array([0. , 0.5])
    """
    function = "huber_loss_backward"
    x, t = _checked(function, input, target, reduction)
    return _gradient(function, grad_output, x, t, reduction, _huber(function, delta, x))


def smooth_l1_loss(input: Array, target: Array, reduction: str = "mean", beta: float = 1.0) -> float | Array:
    r"""Absolute difference with its tip rounded off: `huber_loss` divided by its parameter.

    .. math:: \ell = \tfrac12 d^2 / \beta \text{ for } |d| \le \beta, \qquad |d| - \tfrac12 \beta \text{ beyond}

    with the difference :math:`d = x - t`.

    R. Girshick, "Fast R-CNN", 2015.

    Parameters
    ----------
    input : array of any shape
        Predictions; float32 or float64.
    target : array of the same shape and dtype
        What they should be.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides by the number of elements.
    beta : float
        :math:`\beta \ge 0`, where the tip ends; 0 gives `l1_loss`.

    Returns
    -------
    float, or array of the input's shape with ``reduction="none"``

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that differ, an unknown reduction, a ``beta`` out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.smooth_l1_loss(np.array([1.0, 4.0]), np.array([1.0, 2.0]), beta=0.5)
    0.875
    """
    x, t = _checked("smooth_l1_loss", input, target, reduction)
    return _loss(x, t, reduction, _smooth_l1("smooth_l1_loss", beta, x))


def smooth_l1_loss_backward(
    grad_output: float | Array, input: Array, target: Array, reduction: str = "mean", beta: float = 1.0
) -> Array:
    """Gradient of `smooth_l1_loss` with respect to the input; NaN where the difference is.

    Parameters
    ----------
    grad_output : float, or array of the input's shape with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, reduction, beta
        The arguments given to `smooth_l1_loss`.

    Returns
    -------
    array
        Of the shape and dtype of the input. That of the target is its negative.

    Raises
    ------
    TypeError, ValueError
        As `smooth_l1_loss`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.smooth_l1_loss_backward(1.0, np.array([1.0, 4.0]), np.array([1.0, 2.0]), beta=0.5)
    array([0. , 0.5])
    """
    function = "smooth_l1_loss_backward"
    x, t = _checked(function, input, target, reduction)
    return _gradient(function, grad_output, x, t, reduction, _smooth_l1(function, beta, x))
