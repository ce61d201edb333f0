"""The opposite of 2-D max pooling, and its gradient."""

from fastconv import _backend
from fastconv._arrays import Array, empty, real
from fastconv._geometry import Shape, image_shape, shape_argument, unpool2d_size
from fastconv.functional.pool import outside, places


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    output_size: tuple[int, ...] | None = None,
) -> Array:
    """Put every pixel back to where `max_pool2d` took it from, and zeros elsewhere.

    ``y[n, c].flat[indices[n, c, p, q]] = x[n, c, p, q]`` in row-major order of ``p, q``: of several pixels for one
    place, the last stays. (Torch leaves open which one.)

    Parameters
    ----------
    input : array (N, C, P, Q) or (C, P, Q)
        float32 or float64.
    indices : array of integers, of the shape of ``input``
        Positions in the flattened planes of the result, as returned by `max_pool2d`; -1 for nowhere.
    kernel_size, stride, padding : int or (height, width)
        Those of the pooling, which give the size of the result.
    output_size : (H, W) or the shape of the result, optional
        The size itself, less than a stride from the usual one: images of several sizes are pooled to the same size.

    Returns
    -------
    array (N, C, H, W) or (C, H, W)
        With ``H = (P - 1) * stride - 2 * padding + kernel_size`` without ``output_size``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, or an index outside the plane.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 1.0, 7.0]]])
    >>> values, indices = F.max_pool2d(x, 2, return_indices=True)
    >>> F.max_unpool2d(values, indices, 2)
    array([[[0., 5., 0., 0.],
            [0., 0., 0., 7.]]])
    """
    function = "max_unpool2d"
    x = real(function, "input", input)
    n, c, h, w = unpool2d_size(function, x.shape, kernel_size, stride, padding, output_size)
    given, at = places(function, indices, x.shape, "input", h * w)
    y = empty(function, "kernel_size", (*x.shape[:-2], h, w), x.dtype)
    if y.size:
        four = (n, c, *x.shape[-2:])
        if not _backend.ops(x.dtype).max_unpool2d(x.reshape(four), at.reshape(four), y.reshape(n, c, h, w)):
            raise outside(function, given, h * w)
    return y


def max_unpool2d_backward(grad_output: Array, indices: Array, input_shape: Shape) -> Array:
    """Gradient of `max_unpool2d` with respect to its input.

    Every pixel gets the gradient of the place where it went; 0 if it went nowhere, or if a later one took its place.

    Parameters
    ----------
    grad_output : array (N, C, H, W) or (C, H, W)
        Gradient with respect to the result of `max_unpool2d`.
    indices : array of integers, of the shape ``input_shape``
        Those given to `max_unpool2d`.
    input_shape : sequence of ints
        Shape of the input of `max_unpool2d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, or an index outside the plane.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.max_unpool2d_backward(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[[3, 1, -1]]]), (1, 1, 3))
    array([[[4., 2., 0.]]])
    """
    function = "max_unpool2d_backward"
    dy = real(function, "grad_output", grad_output)
    shape = shape_argument(function, "input_shape", input_shape)
    n, c, p, q = image_shape(function, "input_shape", shape)
    if dy.ndim != len(shape) or dy.shape[:-2] != shape[:-2] or 0 in dy.shape[-2:]:
        raise ValueError(
            f"{function}: grad_output must have the batch and channels of input_shape {shape} and at least one row "
            f"and column, got {dy.shape}"
        )
    four = (n, c, *dy.shape[-2:])
    area = dy.shape[-2] * dy.shape[-1]
    given, at = places(function, indices, shape, "the input, input_shape", area)
    grad_input = empty(function, "input_shape", shape, dy.dtype)
    if grad_input.size:
        gather = _backend.ops(dy.dtype).max_unpool2d_backward
        if not gather(dy.reshape(four), at.reshape(n, c, p, q), grad_input.reshape(n, c, p, q)):
            raise outside(function, given, area)
    return grad_input
