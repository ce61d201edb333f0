"""Dropout: some elements, or whole channels, set to zero at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv._arrays import Array, as_array, check_shape, real
from fastconv._generator import generator
from fastconv._geometry import Shape
from fastconv.functional._options import flag, number


def dropout(
    input: Array, p: float = 0.5, training: bool = True, *, rng: int | np.random.Generator | None = None
) -> tuple[Array, Array]:
    r"""Set each element to zero with probability `p`, and scale the others by :math:`1 / (1 - p)`.

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014). The mask is returned
    too, so that nothing is kept between calls.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    p : float in [0, 1]
    training : bool
        With False nothing is dropped, and `rng` not used.
    rng : int or numpy.random.Generator, optional
        Where the mask comes from: a seed, or a generator that moves on.

    Returns
    -------
    output : array
        Of the input's shape and dtype.
    mask : array of bool
        Of the input's shape; False where an element was dropped.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        `p` is not in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> output, mask = F.dropout(np.ones(5), 0.5, rng=0)
    >>> output, mask
    (array([2., 2., 2., 0., 0.]), array([ True,  True,  True, False, False]))
    """
    x = real("dropout", "input", input)
    return _forward("dropout", x, x.shape, p, training, rng)


def dropout_backward(grad_output: Array, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    r"""Gradient of `dropout` and of `dropout2d`: that of the output, scaled alike, where the mask is True.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    mask : array of bool
        What the forward function returned.
    p, training
        As given to the forward function.

    Returns
    -------
    array
        Gradient with respect to the input.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong kind or dtype; a mask that does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.dropout_backward(np.array([1.0, 2.0]), np.array([False, True]), 0.75)
    array([0., 8.])
    """
    function = "dropout_backward"
    dy = real(function, "grad_output", grad_output)
    kept = as_array(function, "mask", mask)
    if kept.dtype != np.bool_:
        raise TypeError(f"{function}: mask must be an array of bool, got dtype {kept.dtype}")
    channels = (*dy.shape[:2], 1, 1)
    if kept.shape != channels or dy.ndim != 4:
        check_shape(function, "mask", kept, dy.shape, "that of grad_output, or (N, C, 1, 1)")
    return _scaled(dy, kept, probability(function, p), flag(function, "training", training))


def dropout2d(
    input: Array, p: float = 0.5, training: bool = True, *, rng: int | np.random.Generator | None = None
) -> tuple[Array, Array]:
    r"""Set each channel of each image to zero with probability `p`, and scale the others by :math:`1 / (1 - p)`.

    Tompson et al., "Efficient object localization using convolutional networks" (2015): neighbouring pixels tell the
    same, so that dropping single ones would drop little.

    Parameters
    ----------
    input : array (N, C, H, W)
        float32 or float64.
    p, training, rng
        As for `dropout`.

    Returns
    -------
    output : array
        Of the input's shape and dtype.
    mask : array (N, C, 1, 1) of bool
        False where a channel was dropped.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        `p` is not in [0, 1], or the input not 4-D.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> output, mask = F.dropout2d(np.ones((1, 4, 1, 2)), 0.5, rng=2)
    >>> output.tolist()
    [[[[2.0, 2.0]], [[0.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]]]]
    """
    x = real("dropout2d", "input", input)
    if x.ndim != 4:
        raise ValueError(f"dropout2d: input must be 4-D, (N, C, H, W), got {x.ndim}-D of shape {x.shape}")
    return _forward("dropout2d", x, (*x.shape[:2], 1, 1), p, training, rng)


def probability(function: str, value: Any) -> float:
    """`p`."""
    p = number(function, "p", value, np.dtype(np.float64))
    if not 0 <= p <= 1:
        raise ValueError(f"{function}: p must be in [0, 1], got {value}")
    return p


def _forward(function: str, x: Array, shape: Shape, p: Any, training: Any, rng: Any) -> tuple[Array, Array]:
    p, training = probability(function, p), flag(function, "training", training)
    source = generator(function, rng)
    mask = drawn(source, shape, p) if training else np.ones(shape, np.bool_)
    return _scaled(x, mask, p, training), mask


def drawn(rng: np.random.Generator, shape: Shape, p: float) -> Array:
    """A mask: False with probability p."""
    return rng.random(shape, np.float32) >= np.float32(p)


def _scaled(x: Array, mask: Array, p: float, training: bool) -> Array:
    """The elements of the mask, scaled."""
    with np.errstate(all="ignore"):
        output: Array = np.multiply(x, mask)  # several times as fast as `where`
        if training and 0 < p < 1:
            output *= x.dtype.type(1 / (1 - p))
    return output
