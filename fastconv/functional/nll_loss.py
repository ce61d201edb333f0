"""Negative log-likelihood: the loss of a classifier whose log-probabilities are known."""

from math import prod
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array, check_shape, empty, integers, real
from fastconv._geometry import integer
from fastconv.functional._class_ids import class_ids
from fastconv.functional._options import word
from fastconv.functional._reduction import REDUCTIONS, gradient_scale, reduced, upstream


class _Task(NamedTuple):
    """Checked arguments: where the classes of the targets stand, and what they weigh."""

    input: Array
    places: Array  # of each sample's class in the flat input; of its class 0 where it does not count
    weights: Array  # of each sample; 0 where it does not count
    counted: Array  # which samples count
    reduction: str
    samples: int  # how many count
    total: float  # what the mean divides by


def _task(function: str, input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any) -> _Task:
    x = real(function, "input", input)
    if x.ndim == 0:
        raise ValueError(f"{function}: input must be at least 1-D, (C,) or (N, C, ...), got a 0-d array")
    axis = min(x.ndim - 1, 1)
    classes = x.shape[axis]
    loss_shape = x.shape[:axis] + x.shape[axis + 1 :]
    w = np.ones(classes, x.dtype) if weight is None else real(function, "weight", weight, x.dtype)
    check_shape(function, "weight", w, (classes,), "one value for each class")
    word(function, "reduction", reduction, REDUCTIONS)
    ignore = integer(function, "ignore_index", ignore_index, -(2**63), 2**63 - 1)
    ids, ignored = class_ids(function, integers(function, "target", target), classes, ignore, loss_shape)
    counted = np.ones(loss_shape, bool) if ignored is None else ~ignored
    np.copyto(ids, 0, where=~counted)
    weights = np.where(counted, w.take(ids), 0) if classes else np.zeros(loss_shape, x.dtype)
    with np.errstate(all="ignore"):
        total = float(weights.sum(dtype=np.float64))
    samples = int(np.count_nonzero(counted))
    outer, inner = prod(x.shape[:axis]), prod(x.shape[axis + 1 :])
    places = (np.arange(outer)[:, None] * classes + ids.reshape(outer, inner)) * inner + np.arange(inner)
    return _Task(x, places.reshape(loss_shape), weights, counted, reduction, samples, total)


def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> float | Array:
    r"""Negative log-likelihood of the target classes, :math:`\ell = -w_t\, x_t`.

    With what `log_softmax` returned along the class axis this is `cross_entropy`.

    Parameters
    ----------
    input : array (N, C), (N, C, d1, ...) or (C,)
        Logarithms of the probabilities of C classes; float32 or float64.
    target : array of integers (N,), (N, d1, ...) or ()
        Class ids of any integer dtype.
    weight : array (C,), optional
        Weight of each class.
    ignore_index : int
        Samples with this class id do not count: their loss and gradient are 0.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides the sum by the sum of the weights of the samples that count.

    Returns
    -------
    float, or array of one loss for each sample with ``reduction="none"``
        NaN for the mean of no samples.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, a class id outside ``[0, C)``, an unknown reduction.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.nll_loss(np.array([[-0.5, -1.0], [-2.0, -0.25]]), np.array([0, 1]))
    0.375
    """
    task = _task("nll_loss", input, target, weight, ignore_index, reduction)
    if task.input.size:
        with np.errstate(all="ignore"):
            losses = -task.weights * task.input.take(task.places)
        losses = np.where(task.counted, losses, task.input.dtype.type(0))
    else:
        losses = np.zeros(task.weights.shape, task.input.dtype)
    return reduced(losses, reduction, task.total)


def nll_loss_backward(
    grad_output: float | Array,
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    """Gradient of `nll_loss` with respect to the log-probabilities.

    Parameters
    ----------
    grad_output : float, or array of the shape of the loss with ``reduction="none"``
        Gradient with respect to the loss.
    input, target, weight, ignore_index, reduction
        The arguments given to `nll_loss`.

    Returns
    -------
    array
        Of the shape and dtype of the input: minus the weight of the sample at its class, 0 elsewhere.

    Raises
    ------
    TypeError, ValueError
        As `nll_loss`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.nll_loss_backward(1.0, np.array([[-0.5, -1.0], [-2.0, -0.25]]), np.array([0, 1]))
    array([[-0.5,  0. ],
           [ 0. , -0.5]])
    """
    function = "nll_loss_backward"
    task = _task(function, input, target, weight, ignore_index, reduction)
    dtype = task.input.dtype
    factor, each = upstream(function, grad_output, task.weights.shape, dtype, reduction)
    grad_input = empty(function, "input", task.input.shape, dtype)
    grad_input.fill(0)
    if task.input.size:
        scale = factor * gradient_scale(reduction, task.total) if task.samples else 0.0
        with np.errstate(all="ignore"):
            values = task.weights * (-scale if each is None else -each)
        values = np.where(task.counted, values, 0).astype(dtype, copy=False)
        grad_input.put(task.places, values)
    return grad_input
