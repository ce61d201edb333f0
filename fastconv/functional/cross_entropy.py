"""Softmax cross-entropy: the loss of a classifier, and its gradient with respect to the logits."""

from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import INT64, Array, as_array, check_shape, real
from fastconv._geometry import Shape, integer, product, shown
from fastconv.functional._class_ids import as_ids, no_class
from fastconv.functional._options import number, word
from fastconv.functional._reduction import REDUCTIONS, upstream


class _Task:
    """Checked arguments as the kernel takes them: logits ``(outer, C, inner)``, losses ``(outer, inner)``."""

    __slots__ = (
        "_function", "_given", "_ignore_index", "_label_smoothing", "_reduction", "_target", "_weight",
        "logits", "loss_shape", "shape",
    )  # fmt: skip

    def __init__(
        self,
        function: str,
        name: str,
        logits: Any,
        target: Any,
        weight: Any,
        ignore_index: Any,
        reduction: Any,
        label_smoothing: Any,
    ) -> None:
        z = real(function, name, logits)
        dtype, shape = z.dtype, z.shape
        if not shape:
            raise ValueError(f"{function}: {name} must be at least 1-D, (C,) or (N, C, ...), got a 0-d array")
        axis = 0 if len(shape) == 1 else 1
        outer, classes, inner = 1 if axis == 0 else shape[0], shape[axis], product(shape[2:])
        self.shape: Shape = shape  # of the logits as given
        self.loss_shape = loss_shape = shape[:axis] + shape[axis + 1 :]
        self._function = function
        self._weight = None if weight is None else real(function, "weight", weight, dtype)
        if self._weight is not None:
            check_shape(function, "weight", self._weight, (classes,), "one value for each class")
        self._reduction = word(function, "reduction", reduction, REDUCTIONS)
        self._ignore_index = integer(function, "ignore_index", ignore_index, -(2**63), 2**63 - 1)
        self._label_smoothing = smoothing = number(function, "label_smoothing", label_smoothing, dtype)
        if not 0 <= smoothing <= 1:
            raise ValueError(f"{function}: label_smoothing must be in [0, 1], got {shown(label_smoothing)}")

        self._given = given = as_array(function, "target", target)
        kind = given.dtype.kind
        if kind in "iu":
            check_shape(function, "target", given, loss_shape, "one class id for each sample")
            self._target: Array = as_ids(given, self._ignore_index).reshape(outer, inner)
        elif kind == "f" and given.ndim == z.ndim:
            t = real(function, "target", given, dtype)
            check_shape(function, "target", t, shape, f"that of {name}, to hold probabilities")
            if self._ignore_index >= 0:
                raise ValueError(
                    f"{function}: ignore_index must be < 0 with probabilities as target, got {ignore_index}"
                )
            self._target = t.reshape(outer, classes, inner)
        else:
            raise TypeError(
                f"{function}: target must hold class ids of an integer dtype and shape {loss_shape}, or "
                f"probabilities of dtype {dtype} and shape {shape}; got dtype {given.dtype} and shape {given.shape}"
            )
        self.logits = z.reshape(outer, classes, inner)

    def run(self, grad_logits: Array | None, factor: float) -> float | Array:
        """The loss, and gradients times ``factor`` if wanted."""
        logits, reduction = self.logits, self._reduction
        outer, classes, inner = logits.shape
        dtype = logits.dtype
        losses = np.empty((outer, inner), dtype)
        loss: float
        loss, wrong = _backend.ops(dtype).softmax_cross_entropy(
            logits, self._target, self._weight, losses, grad_logits,
            self._ignore_index, self._label_smoothing, factor, reduction == "mean",
        )  # fmt: skip
        if wrong >= 0:
            raise no_class(self._function, self._given, wrong, classes)
        return losses.reshape(self.loss_shape) if reduction == "none" else loss

    def ignored(self) -> Array | None:
        """Which of ``(outer, inner)`` do not count; None if all do."""
        return self._target == self._ignore_index if self._target.dtype is INT64 else None


def softmax_cross_entropy(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[float | Array, Array]:
    r"""Cross-entropy of softmax probabilities, and its gradient, in one pass.

    .. math::
        \ell = -\sum_c w_c\, t'_c \log \frac{e^{z_c}}{\sum_j e^{z_j}}, \qquad
        t' = (1 - \varepsilon)\, t + \varepsilon / C

    with logits :math:`z`, target :math:`t` (a class id stands for a one-hot vector), weights :math:`w` and
    label smoothing :math:`\varepsilon`. Without weights the gradient is :math:`\mathrm{softmax}(z) - t'`. The
    largest logit is subtracted before the exponential, so that none overflows.

    Parameters
    ----------
    logits : array (N, C), (N, C, d1, ...) or (C,)
        Scores of C classes, before the softmax; float32 or float64.
    target : array of integers (N,), (N, d1, ...) or (), or array of the shape and dtype of the logits
        Class ids of any integer dtype, or probabilities.
    weight : array (C,), optional
        Weight of each class.
    ignore_index : int
        Samples with this class id do not count: their loss and gradient are 0, whatever their logits.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides the sum by the sum of the weights of the samples that count (their number without
        weights), and for probabilities by the number of samples.
    label_smoothing : float
        :math:`\varepsilon`, in [0, 1].

    Returns
    -------
    loss : float, or array of one loss for each sample with ``reduction="none"``
        NaN for the mean of no samples.
    grad_logits : array
        Gradient of the loss with respect to the logits, of their shape (of the sum of losses with
        ``reduction="none"``).

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, a class id outside ``[0, C)``, an option out of range.

    See Also
    --------
    cross_entropy : the loss alone.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> loss, grad_logits = F.softmax_cross_entropy(np.array([[1e4, 0.0]]), np.array([1]))
    >>> loss
    10000.0
    >>> grad_logits
    array([[ 1., -1.]])
    """
    task = _Task("softmax_cross_entropy", "logits", logits, target, weight, ignore_index, reduction, label_smoothing)
    grad_logits = np.empty(task.shape, task.logits.dtype)
    return task.run(grad_logits.reshape(task.logits.shape), 1.0), grad_logits


def cross_entropy(
    logits: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> float | Array:
    """Cross-entropy of softmax probabilities: the loss of `softmax_cross_entropy` without the gradient.

    Parameters
    ----------
    logits, target, weight, ignore_index, reduction, label_smoothing
        As in `softmax_cross_entropy`.

    Returns
    -------
    float, or array of one loss for each sample with ``reduction="none"``

    Raises
    ------
    TypeError, ValueError
        As `softmax_cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> round(F.cross_entropy(np.array([[2.0, 1.0, 0.0]]), np.array([0]), label_smoothing=0.1), 10)
    0.5076059644
    """
    task = _Task("cross_entropy", "logits", logits, target, weight, ignore_index, reduction, label_smoothing)
    return task.run(None, 1.0)


def cross_entropy_backward(
    grad_output: float | Array,
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """Gradient of `cross_entropy` with respect to the logits.

    Parameters
    ----------
    grad_output : float, or array of the shape of the loss with ``reduction="none"``
        Gradient with respect to the loss.
    input, target
        The logits and the target given to `cross_entropy`.
    weight, ignore_index, reduction, label_smoothing
        The options given to `cross_entropy`.

    Returns
    -------
    array
        Of the shape and dtype of the logits.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`; also if ``grad_output`` does not fit the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.cross_entropy_backward(2.0, np.array([[0.0, 0.0]]), np.array([1]))
    array([[ 1., -1.]])
    """
    function = "cross_entropy_backward"
    task = _Task(function, "input", input, target, weight, ignore_index, reduction, label_smoothing)
    dtype = task.logits.dtype
    factor, each = upstream(function, grad_output, task.loss_shape, dtype, reduction)
    grad_logits = np.empty_like(task.logits)
    task.run(grad_logits, factor)
    if each is not None:
        outer, _, inner = task.logits.shape
        with np.errstate(all="ignore"):
            grad_logits *= each.reshape(outer, 1, inner)
        if (ignored := task.ignored()) is not None:  # 0 * inf is NaN, but a sample that does not count has no gradient
            grad_logits.swapaxes(0, 1)[:, ignored] = 0
    return grad_logits.reshape(task.shape)
