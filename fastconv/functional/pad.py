"""Padding of any axes (`pad`) and of images (`pad2d`), and the gradient of the latter."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, DType, check_shape, empty, real
from fastconv._geometry import (
    LIMIT,
    Pad2dGeometry,
    Shape,
    check_pad_source,
    integer,
    is_integer,
    is_sequence,
    pad2d_geometry,
    padded_size,
    product,
    shape_argument,
    shown,
    sides,
)
from fastconv.functional._options import number, word

MODES = {
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
    "edge": "replicate",  # NumPy's words
    "wrap": "circular",
}


def _mode(function: str, mode: object) -> str:
    return MODES[word(function, "mode", mode, MODES)]


def _value(function: str, value: object, mode: str, dtype: DType) -> float:
    fill = number(function, "value", value, dtype)
    if mode != "constant" and fill != 0:
        raise ValueError(f'{function}: value must be 0 with mode "{mode}", got {shown(value)}')
    return fill


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Array:
    """Pad any axes of an array.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    pad : sequence of ints
        Two amounts, before and after, for each padded axis, **the last axis first**:
        ``(left, right, top, bottom, ...)``. Negative amounts crop, in mode ``"constant"``.
    mode : {"constant", "reflect", "replicate", "circular"}
        What the new elements hold: ``value``; the mirror image without the border itself (amounts smaller
        than the axis); the border; the other end (amounts at most the axis). NumPy's ``"edge"`` and
        ``"wrap"`` mean ``"replicate"`` and ``"circular"``.
    value : float
        The constant of mode ``"constant"``.

    Returns
    -------
    array
        A new one, also if nothing is added.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        An odd number of amounts or more than the array has axes for, amounts out of range, an axis cropped
        below nothing, or an empty axis to copy from.

    Notes
    -----
    The order of ``pad`` and the names of the modes are those of ``torch.nn.functional.pad``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> row = np.array([0.0, 1.0, 2.0])
    >>> F.pad(row, (2, 2), mode="reflect")
    array([2., 1., 0., 1., 2., 1., 0.])
    >>> F.pad(row, (-1, 1), value=9)
    array([1., 2., 9.])
    """
    x = real("pad", "input", input)
    mode = _mode("pad", mode)
    fill = _value("pad", value, mode, x.dtype)
    if not is_sequence(pad):
        raise TypeError(f"pad: pad must be a sequence of ints, got {shown(pad)}")
    if not all(map(is_integer, pad)):
        raise TypeError(f"pad: pad must hold ints only, got {shown(pad)}")
    # A 0-d array has no axis to pad; for any other, no amounts at all are more likely a mistake than a wish.
    if len(pad) % 2 or len(pad) > 2 * x.ndim or (not pad and x.ndim):
        raise ValueError(
            f"pad: pad must hold two amounts for each of 1 to {x.ndim} axes of the input, got {len(pad)}: {shown(pad)}"
        )
    amounts = [integer("pad", "pad", amount, -LIMIT) for amount in pad]
    padded = {x.ndim - 1 - i // 2: (amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)}
    check_pad_source("pad", "input", x.shape, len(padded), mode)
    shape = x.shape[: x.ndim - len(padded)] + tuple(
        padded_size("pad", "pad", x.shape[axis], *padded[axis], mode, axis=axis)
        for axis in range(x.ndim - len(padded), x.ndim)
    )
    if x.ndim == 0 or 0 in shape:
        return np.array(x) if x.ndim == 0 else empty("pad", "pad", shape, x.dtype)
    if x.ndim > 1 and len(padded) <= 2:
        top, left = padded.get(x.ndim - 2, (0, 0))[0], padded[x.ndim - 1][0]
        (h, w), (p, q) = x.shape[-2:], shape[-2:]
        geometry = Pad2dGeometry(product(shape[:-2]), h, w, p, q, top, left)
        return _run("pad", "pad", x, shape, geometry, mode, fill)
    # One axis after another, each as the rows of planes that hold all axes behind it; those that shrink go
    # first, so that nothing on the way is larger than input and result.
    for axis in sorted(padded, key=lambda axis: shape[axis] - x.shape[axis]):
        planes, rows, columns = product(x.shape[:axis]), x.shape[axis], product(x.shape[axis + 1 :])
        geometry = Pad2dGeometry(planes, rows, columns, shape[axis], columns, padded[axis][0], 0)
        x = _run("pad", "pad", x, (*x.shape[:axis], shape[axis], *x.shape[axis + 1 :]), geometry, mode, fill)
    return x


def pad2d(input: Array, padding: Any, mode: str = "constant", value: float = 0.0) -> Array:
    """Pad the last two axes, height and width, of images.

    Parameters
    ----------
    input : array (..., H, W)
        At least 2-D, float32 or float64.
    padding : int, (height, width) or ((top, bottom), (left, right))
        Rows and columns to add on each side. Negative amounts crop, in mode ``"constant"``.
    mode : {"constant", "reflect", "replicate", "circular"}
        What the new pixels hold, as in `pad`.
    value : float
        The constant of mode ``"constant"``.

    Returns
    -------
    array (..., H + top + bottom, W + left + right)
        A new one, also if nothing is added.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Amounts out of range: more than the mode has pixels for, an axis cropped below nothing, a negative
        amount in another mode than ``"constant"``; or an empty image to copy from.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.pad2d(np.array([[1.0, 2.0], [3.0, 4.0]]), ((0, 1), (1, 0)), mode="replicate")
    array([[1., 1., 2.],
           [3., 3., 4.],
           [3., 3., 4.]])
    """
    x = real("pad2d", "input", input)
    mode = _mode("pad2d", mode)
    fill = _value("pad2d", value, mode, x.dtype)
    amounts = sides("pad2d", "padding", padding, -LIMIT)
    geometry = pad2d_geometry("pad2d", "input", x.shape, amounts, mode)
    return _run("pad2d", "padding", x, (*x.shape[:-2], geometry.P, geometry.Q), geometry, mode, fill)


def pad2d_backward(grad_output: Array, input_shape: Shape, padding: Any, mode: str = "constant") -> Array:
    """Gradient of `pad2d` with respect to its input.

    Each pixel of the input collects the gradients of all places that it was copied to; cropped pixels get 0.

    Parameters
    ----------
    grad_output : array (..., H + top + bottom, W + left + right)
        Gradient with respect to the result of `pad2d`.
    input_shape : sequence of ints
        Shape of the input of `pad2d`.
    padding, mode
        The options given to `pad2d`.

    Returns
    -------
    array (..., H, W)
        Of shape ``input_shape`` and the dtype of ``grad_output``.

    Raises
    ------
    TypeError, ValueError
        As `pad2d`; also if ``grad_output`` has not the shape of the result.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.pad2d_backward(np.ones((3, 3)), (2, 2), ((0, 1), (1, 0)), mode="replicate")
    array([[2., 1.],
           [4., 2.]])
    """
    dy = real("pad2d_backward", "grad_output", grad_output)
    shape = shape_argument("pad2d_backward", "input_shape", input_shape)
    mode = _mode("pad2d_backward", mode)
    amounts = sides("pad2d_backward", "padding", padding, -LIMIT)
    geometry = pad2d_geometry("pad2d_backward", "input_shape", shape, amounts, mode)
    expected = (*shape[:-2], geometry.P, geometry.Q)
    check_shape("pad2d_backward", "grad_output", dy, expected, "that of the forward result")
    grad_input = empty("pad2d_backward", "input_shape", shape, dy.dtype)
    if not dy.size:
        grad_input.fill(0)
    elif grad_input.size:
        _backend.ops(dy.dtype).pad2d_backward(dy, grad_input, geometry, mode)
    return grad_input


def _run(function: str, cause: str, x: Array, shape: Shape, geometry: Pad2dGeometry, mode: str, fill: float) -> Array:
    y = empty(function, cause, shape, x.dtype)
    if not x.size:
        y.fill(fill)
    elif y.size:
        _backend.ops(x.dtype).pad2d(x, y, geometry, mode, fill)
    return y
