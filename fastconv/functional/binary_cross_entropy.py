"""Binary cross-entropy from logits: the loss of yes-or-no questions, and its gradient."""

from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, empty, real
from fastconv.functional._options import word
from fastconv.functional._reduction import REDUCTIONS, gradient_scale, reduced, upstream


def _spread(function: str, name: str, value: Any, like: Array) -> Array | None:
    """An array that broadcasts to the input, written out in the input's shape as the kernel takes it."""
    if value is None:
        return None
    array = real(function, name, value, like.dtype)
    if array.shape == like.shape:
        return array
    try:
        wide = np.broadcast_to(array, like.shape)
    except ValueError:
        raise ValueError(
            f"{function}: {name} must broadcast to the shape of input, {like.shape}, got {array.shape}"
        ) from None
    return np.array(wide, order="C")


def _checked(
    function: str, input: Any, target: Any, weight: Any, reduction: Any, pos_weight: Any
) -> tuple[Array, Array, Array | None, Array | None]:
    z = real(function, "input", input)
    t = real(function, "target", target, z.dtype)
    check_shape(function, "target", t, z.shape, "that of input")
    word(function, "reduction", reduction, REDUCTIONS)
    return z, t, _spread(function, "weight", weight, z), _spread(function, "pos_weight", pos_weight, z)


def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> float | Array:
    r"""Cross-entropy between targets and the sigmoid of logits.

    .. math:: \ell = -w \left(p\, t \log \sigma(z) + (1 - t) \log(1 - \sigma(z))\right)

    with logits :math:`z`, targets :math:`t`, weights :math:`w` and weights of the positive class :math:`p`;
    computed from :math:`\log(1 + e^{-|z|})`, so that nothing overflows.

    Parameters
    ----------
    input : array of any shape
        Logits; float32 or float64.
    target : array of the same shape and dtype
        Probabilities of "yes", usually 0 or 1.
    weight, pos_weight : array, optional
        Weight of each element, and of its "yes"; of any shape that broadcasts to the input's.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides by the number of elements, whatever their weights.

    Returns
    -------
    float, or array of the input's shape with ``reduction="none"``

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, an unknown reduction.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.binary_cross_entropy_with_logits(np.array([1e4, -1e4]), np.array([1.0, 1.0]), reduction="none")
    array([    0., 10000.])
    """
    function = "binary_cross_entropy_with_logits"
    z, t, w, p = _checked(function, input, target, weight, reduction, pos_weight)
    losses = np.empty(z.shape, z.dtype)
    if z.size:
        _backend.ops(z.dtype).binary_cross_entropy_with_logits(z, t, w, p, losses, None, 1.0)
    return reduced(losses, reduction, z.size)


def binary_cross_entropy_with_logits_backward(
    grad_output: float | Array,
    input: Array,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    """Gradient of `binary_cross_entropy_with_logits` with respect to the logits.

    Parameters
    ----------
    grad_output : float, or array of the input's shape with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, weight, reduction, pos_weight
        The arguments given to `binary_cross_entropy_with_logits`.

    Returns
    -------
    array
        Of the shape and dtype of the input.

    Raises
    ------
    TypeError, ValueError
        As the forward function; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.binary_cross_entropy_with_logits_backward(1.0, np.array([0.0, 0.0]), np.array([1.0, 0.0]))
    array([-0.25,  0.25])
    """
    function = "binary_cross_entropy_with_logits_backward"
    z, t, w, p = _checked(function, input, target, weight, reduction, pos_weight)
    factor, each = upstream(function, grad_output, z.shape, z.dtype, reduction)
    grad_input = empty(function, "input", z.shape, z.dtype)
    if z.size:
        scale = factor * gradient_scale(reduction, z.size)
        losses = np.empty(z.shape, z.dtype)
        _backend.ops(z.dtype).binary_cross_entropy_with_logits(z, t, w, p, losses, grad_input, scale)
    if each is not None:
        with np.errstate(all="ignore"):
            grad_input *= each
    return grad_input
