"""2-D max and average pooling and their gradients."""

from typing import Any, Literal, overload

import numpy as np

from fastconv import _backend
from fastconv._arrays import INT64, Array, check_shape, empty, integers, real
from fastconv._geometry import Pool2dGeometry, Shape, image_shape, integer, pool2d_geometry, shape_argument
from fastconv.functional._options import flag


def _pooled_shape(shape: Shape, axes: int, geometry: Pool2dGeometry) -> Shape:
    """The shape of the result for an input of this one."""
    return (*shape[:-2], geometry.P, geometry.Q) if axes == 2 else (*shape[:-1], geometry.Q)


def max_pool(
    function: str, axes: int, input: Any, options: tuple[Any, Any, Any, Any], ceil_mode: Any, return_indices: Any
) -> Array | tuple[Array, Array]:
    """`max_pool2d`, or with one axis `max_pool1d`; ``options`` are kernel_size, stride, padding and dilation."""
    x = real(function, "input", input)
    ceil_mode = flag(function, "ceil_mode", ceil_mode)
    return_indices = flag(function, "return_indices", return_indices)
    geometry = pool2d_geometry(function, x.shape, *options, ceil_mode, "input", axes)
    shape = _pooled_shape(x.shape, axes, geometry)
    y = empty(function, "input", shape, x.dtype)
    indices = empty(function, "input", shape, INT64) if return_indices else None
    if y.size:
        _backend.ops(x.dtype).max_pool2d(x, y, indices, geometry)
    return y if indices is None else (y, indices)


def places(function: str, indices: Any, shape: Shape, of: str, area: int) -> tuple[Array, Array]:
    """Indices into planes of so many pixels, as they were given and as kernels take them; these check their range."""
    at = integers(function, "indices", indices)
    check_shape(function, "indices", at, shape, f"that of {of}")
    if at.dtype is INT64 and at.flags.c_contiguous and at.flags.aligned:
        return at, at
    if at.dtype.kind == "u" and at.size and at.max() >= area:  # the largest of uint64 are -1 and less as int64
        raise outside(function, at, area)
    return at, np.array(at, dtype=INT64, order="C")


def outside(function: str, indices: Array, area: int) -> ValueError:
    """The error for the first index that names no place in a plane."""
    where = [int(i) for i in np.argwhere((indices < -1) | (indices >= area))[0]]
    return ValueError(f"{function}: indices{where} = {indices[tuple(where)]} is not in [-1, {area})")


def gradient_at(function: str, axes: int, grad_output: Any, indices: Any, input_shape: Any) -> Array:
    """The backward function of every pooling that takes one pixel of each window."""
    dy = real(function, "grad_output", grad_output)
    shape = shape_argument(function, "input_shape", input_shape)
    n, c, h, w = image_shape(function, "input_shape", shape, axes)
    if dy.ndim != len(shape) or dy.shape[:-axes] != shape[:-axes] or 0 in dy.shape[-axes:]:
        least = "one row and column" if axes == 2 else "one element"
        raise ValueError(
            f"{function}: grad_output must have the batch and channels of input_shape {shape} and at least "
            f"{least}, got {dy.shape}"
        )
    given, at = places(function, indices, dy.shape, "grad_output", h * w)
    grad_input = empty(function, "input_shape", shape, dy.dtype)
    if grad_input.size:
        four = (n, c, *(dy.shape[-2:] if axes == 2 else (1, dy.shape[-1])))
        scatter = _backend.ops(dy.dtype).max_pool2d_backward
        if not scatter(dy.reshape(four), at.reshape(four), grad_input.reshape(n, c, h, w)):
            raise outside(function, given, h * w)
    return grad_input


def _avg_options(
    function: str, ceil_mode: Any, count_include_pad: Any, divisor_override: Any
) -> tuple[bool, bool, int]:
    """The options of average pooling; a divisor of 0 stands for none."""
    return (
        flag(function, "ceil_mode", ceil_mode),
        flag(function, "count_include_pad", count_include_pad),
        0 if divisor_override is None else integer(function, "divisor_override", divisor_override, 1),
    )


def avg_pool(
    function: str,
    axes: int,
    input: Any,
    options: tuple[Any, Any, Any],
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
) -> Array:
    """`avg_pool2d`, or with one axis `avg_pool1d`; ``options`` are kernel_size, stride and padding."""
    x = real(function, "input", input)
    ceil_mode, include, divisor = _avg_options(function, ceil_mode, count_include_pad, divisor_override)
    geometry = pool2d_geometry(function, x.shape, *options, 1, ceil_mode, "input", axes)
    y = empty(function, "input", _pooled_shape(x.shape, axes, geometry), x.dtype)
    if y.size:
        _backend.ops(x.dtype).avg_pool2d(x, y, geometry, include, divisor)
    return y


def avg_pool_backward(
    function: str,
    axes: int,
    grad_output: Any,
    input_shape: Any,
    options: tuple[Any, Any, Any],
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
) -> Array:
    """`avg_pool2d_backward`, or with one axis `avg_pool1d_backward`."""
    dy = real(function, "grad_output", grad_output)
    shape = shape_argument(function, "input_shape", input_shape)
    ceil_mode, include, divisor = _avg_options(function, ceil_mode, count_include_pad, divisor_override)
    geometry = pool2d_geometry(function, shape, *options, 1, ceil_mode, "input_shape", axes)
    expected = _pooled_shape(shape, axes, geometry)
    check_shape(function, "grad_output", dy, expected, "that of the forward result")
    grad_input = empty(function, "input_shape", shape, dy.dtype)
    if grad_input.size:
        _backend.ops(dy.dtype).avg_pool2d_backward(dy, grad_input, geometry, include, divisor)
    return grad_input


@overload
def max_pool2d(
    input: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Array: ...


@overload
def max_pool2d(
    input: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Array, Array]: ...


@overload
def max_pool2d(
    input: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None,
    padding: int | tuple[int, int],
    dilation: int | tuple[int, int],
    ceil_mode: bool,
    return_indices: Literal[True],
) -> tuple[Array, Array]: ...


def max_pool2d(
    input: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    r"""Largest pixel of each window.

    .. math:: y_{n,c,p,q} = \max_{r,s}\; x_{n,c,\, p s_h + r d_h - t,\, q s_w + s d_w - l}

    Padding holds minus infinity and never wins. Of equal pixels the first in row-major order wins; a NaN wins
    over everything, the last one in the window.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        float32 or float64.
    kernel_size : int or (height, width)
        Size of the windows, >= 1.
    stride : int or (height, width), optional
        Step between windows, >= 1; the kernel size if not given.
    padding : int or (height, width)
        Rows and columns around the image, at most half the span ``dilation * (kernel_size - 1) + 1`` of a
        window.
    dilation : int or (height, width)
        Step between the pixels of a window, >= 1.
    ceil_mode : bool
        Also take a last window that begins inside the image and ends beyond the padding.
    return_indices : bool
        Also return where the largest pixels are.

    Returns
    -------
    array (N, C, P, Q) or (C, P, Q)
        With ``P = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1`` rows, rounded up with
        ``ceil_mode``.
    indices : array of int64, of the same shape
        With ``return_indices``: position of the largest pixel in its flattened H*W plane; -1 if the window
        lies in the padding altogether.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        An empty image, an option out of range, or a window larger than the padded image.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.arange(1.0, 17.0).reshape(1, 4, 4)
    >>> values, indices = F.max_pool2d(x, 3, stride=2, ceil_mode=True, return_indices=True)
    >>> values[0], indices[0]
    (array([[11., 12.],
           [15., 16.]]), array([[10, 11],
           [14, 15]]))
    """
    options = (kernel_size, stride, padding, dilation)
    return max_pool("max_pool2d", 2, input, options, ceil_mode, return_indices)


def max_pool2d_backward(grad_output: Array, indices: Array, input_shape: Shape) -> Array:
    """Gradient of `max_pool2d` with respect to its input.

    Each gradient goes to the pixel that won its window; a pixel that won several windows collects their sum.

    Parameters
    ----------
    grad_output : array (N, C, P, Q) or (C, P, Q)
        Gradient with respect to the result of `max_pool2d`.
    indices : array of integers, of the shape of ``grad_output``
        As returned by `max_pool2d`: positions in the flattened H*W plane, or -1 for none.
    input_shape : sequence of ints
        Shape of the input of `max_pool2d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, or an index outside the plane; nothing is written then.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.max_pool2d_backward(np.array([[[1.0, 2.0]]]), np.array([[[3, 3]]]), (1, 2, 2))
    array([[[0., 0.],
            [0., 3.]]])
    """
    return gradient_at("max_pool2d_backward", 2, grad_output, indices, input_shape)


def avg_pool2d(
    input: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""Mean of each window.

    .. math:: y_{n,c,p,q} = \frac{1}{d_{p,q}} \sum_{r,s} x_{n,c,\, p s_h + r - t,\, q s_w + s - l}

    where pixels outside the image count as 0. The divisor :math:`d` is the number of pixels of the window
    inside the padded image, or, with ``count_include_pad=False``, inside the image; what ``ceil_mode`` lets
    hang over the end of the padding is never counted.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        float32 or float64.
    kernel_size, stride, padding, ceil_mode
        As in `max_pool2d`.
    count_include_pad : bool
        Whether padding counts in the divisor.
    divisor_override : int, optional
        The divisor of all windows, >= 1; with 1 the result is the sum of each window.

    Returns
    -------
    array (N, C, P, Q) or (C, P, Q)
        Sizes as in `max_pool2d` without dilation.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.arange(1.0, 17.0).reshape(1, 4, 4)
    >>> F.avg_pool2d(x, 3, stride=2, ceil_mode=True)[0]
    array([[ 6. ,  7.5],
           [12. , 13.5]])
    """
    options = (kernel_size, stride, padding)
    return avg_pool("avg_pool2d", 2, input, options, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d_backward(
    grad_output: Array,
    input_shape: Shape,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Gradient of `avg_pool2d` with respect to its input.

    Each gradient, divided by its window's divisor, is added to all pixels of the window.

    Parameters
    ----------
    grad_output : array (N, C, P, Q) or (C, P, Q)
        Gradient with respect to the result of `avg_pool2d`.
    input_shape : sequence of ints
        Shape of the input of `avg_pool2d`.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        The options given to `avg_pool2d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`; also if ``grad_output`` has not the shape of the result.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.avg_pool2d_backward(np.array([[[4.0, 8.0]]]), (1, 2, 3), 2, stride=1)
    array([[[1., 3., 2.],
            [1., 3., 2.]]])
    """
    options = (kernel_size, stride, padding)
    return avg_pool_backward(
        "avg_pool2d_backward", 2, grad_output, input_shape, options, ceil_mode, count_include_pad, divisor_override
    )
