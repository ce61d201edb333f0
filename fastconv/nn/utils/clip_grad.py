"""Bounds for gradients."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastconv._arrays import FLOAT64
from fastconv.functional._options import flag, number
from fastconv.nn.parameter import Parameter

from ._parameters import listed


def clip_grad_norm_(
    parameters: Parameter | Iterable[Parameter],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    r"""Scale all gradients by the same factor, in place, so that together they are not longer than `max_norm`.

    With :math:`n = (\sum_i |g_i|^p)^{1/p}` over the elements of all gradients, the factor is
    :math:`\min(1, \text{max\_norm} / (n + 10^{-6}))`, as in PyTorch. Pascanu et al., "On the difficulty of training
    recurrent neural networks" (2013).

    Parameters
    ----------
    parameters : Parameter or iterable of Parameter
        Those without a gradient do not count.
    max_norm : float
    norm_type : float
        The exponent p; infinity for the largest absolute value.
    error_if_nonfinite : bool
        Refuse to scale by a norm that is infinite or NaN.

    Returns
    -------
    float
        The norm before, summed in float64.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.
    FloatingPointError
        The norm is not finite and ``error_if_nonfinite``; no gradient was changed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> p = nn.Parameter(np.zeros(2))
    >>> p.grad = np.array([3.0, 4.0])
    >>> nn.utils.clip_grad_norm_(p, 1.0), p.grad.round(3)
    (5.0, array([0.6, 0.8]))
    """
    function = "clip_grad_norm_"
    grads = [p.grad for p in listed(function, parameters) if p.grad is not None]
    limit, order = number(function, "max_norm", max_norm, FLOAT64), number(function, "norm_type", norm_type, FLOAT64)
    if not limit >= 0:
        raise ValueError(f"{function}: max_norm must be >= 0, got {max_norm}")
    if not order > 0:
        raise ValueError(f"{function}: norm_type must be > 0, got {norm_type}")
    refuse = flag(function, "error_if_nonfinite", error_if_nonfinite)
    with np.errstate(all="ignore"):
        norms = [_norm(grad, order) for grad in grads]
        total = _norm(np.array(norms), order) if norms else 0.0
        if refuse and not math.isfinite(total):
            raise FloatingPointError(f"{function}: the norm of the gradients is {total}")
        factor = limit / (total + 1e-6)
        if not factor >= 1:  # NaN as well
            for grad in grads:
                grad *= grad.dtype.type(factor)
    return total


def clip_grad_value_(parameters: Parameter | Iterable[Parameter], clip_value: float) -> None:
    """Bring each element of the gradients into ``[-clip_value, clip_value]``, in place; NaN stays.

    Parameters
    ----------
    parameters : Parameter or iterable of Parameter
    clip_value : float

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> p = nn.Parameter(np.zeros(3))
    >>> p.grad = np.array([3.0, -0.5, -4.0])
    >>> nn.utils.clip_grad_value_(p, 1.0)
    >>> p.grad
    array([ 1. , -0.5, -1. ])
    """
    function = "clip_grad_value_"
    found = listed(function, parameters)
    limit = number(function, "clip_value", clip_value, FLOAT64)
    if not limit >= 0:
        raise ValueError(f"{function}: clip_value must be >= 0, got {clip_value}")
    for parameter in found:
        if parameter.grad is not None:
            np.clip(parameter.grad, -limit, limit, out=parameter.grad)


def _norm(values: Any, order: float) -> float:
    """(sum |v|^p)^(1/p) in float64."""
    if not values.size:
        return 0.0
    sizes = np.abs(values)
    if math.isinf(order):
        return float(sizes.max())
    if order == 2:
        return float(np.sqrt(np.einsum("i,i->", sizes.ravel(), sizes.ravel(), dtype=np.float64, casting="same_kind")))
    return float(np.sum(sizes.astype(np.float64) ** order) ** (1 / order))
