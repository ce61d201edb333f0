"""Pooling to a given size, and its gradients.

Where the size divides that of the image this is plain pooling, and its kernels compute it. Otherwise kernels for bins
of unequal sizes do; they are also the faster ones for wide windows, such as that of a global mean.
"""

from typing import Any, Literal, overload

from fastconv import _backend
from fastconv._arrays import INT64, Array, check_shape, empty, real
from fastconv._geometry import Pair, Pool2dGeometry, Shape, adaptive2d_size, image_shape, shape_argument
from fastconv.functional._options import flag
from fastconv.functional.pool import gradient_at

WIDEST = {"mean": 2, "share": 3, "maximum": 2, "place": 8}
"""Columns of the widest windows for which plain pooling is the faster way; a share is the gradient of a mean."""


def _plain(planes: int, size: Pair, output: Pair, wanted: str) -> Pool2dGeometry | None:
    """The plain pooling that an adaptive one is, if it is one and that is the faster way."""
    (h, w), (p, q) = size, output
    if h % p or w % q or q == 1 or w // q > WIDEST[wanted]:
        return None
    r, s = h // p, w // q
    return Pool2dGeometry(planes, h, w, r, s, p, q, r, s, 0, 0, 1, 1)


def mean_of_bins(ops: Any, shape: Shape, size: Pair, x: Any, y: Any) -> tuple[Any, ...]:
    """The kernel for images of a shape, and its arguments."""
    plain = _plain(shape[0] * shape[1], (shape[2], shape[3]), size, "mean")
    return (ops.adaptive_avg_pool2d, x, y) if plain is None else (ops.avg_pool2d, x, y, plain, True, 0)


def mean_of_bins_backward(ops: Any, shape: Shape, size: Pair, dy: Any, dx: Any) -> tuple[Any, ...]:
    """The kernel of the gradient, and its arguments."""
    plain = _plain(shape[0] * shape[1], (shape[2], shape[3]), size, "share")
    if plain is None:
        return ops.adaptive_avg_pool2d_backward, dy, dx
    return ops.avg_pool2d_backward, dy, dx, plain, True, 0


def _four(array: Array) -> Array:
    """A view of one image as a batch of one."""
    return array if array.ndim == 4 else array.reshape(1, *array.shape)


def adaptive_avg_pool2d(input: Array, output_size: int | tuple[int | None, int | None]) -> Array:
    r"""Mean of each of so many bins as the result shall have pixels.

    .. math::
        y_{n,c,p,q} = \frac{1}{|R_p|\,|C_q|} \sum_{i \in R_p,\, j \in C_q} x_{n,c,i,j}, \qquad
        R_p = \{\lfloor p H / P \rfloor, \ldots, \lceil (p + 1) H / P \rceil - 1\}

    and :math:`C_q` likewise along the width (He, Zhang, Ren and Sun, 2014, https://arxiv.org/abs/1406.4729). Bins
    overlap where H is no multiple of P. An ``output_size`` of 1 gives the mean of each channel.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        float32 or float64.
    output_size : int or (height, width)
        Size of the result, >= 1; None in a pair is the size of the image.

    Returns
    -------
    array (N, C, P, Q) or (C, P, Q)
        Of the size ``output_size``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        An empty image or an impossible size.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.arange(1.0, 17.0).reshape(1, 4, 4)
    >>> F.adaptive_avg_pool2d(x, 1)
    array([[[8.5]]])
    >>> F.adaptive_avg_pool2d(x, (3, None))
    array([[[ 3.,  4.,  5.,  6.],
            [ 7.,  8.,  9., 10.],
            [11., 12., 13., 14.]]])
    """
    function = "adaptive_avg_pool2d"
    x = real(function, "input", input)
    n, c, h, w = image_shape(function, "input", x.shape)
    size = adaptive2d_size(function, output_size, (h, w))
    y = empty(function, "output_size", (*x.shape[:-2], *size), x.dtype)
    if y.size:
        kernel, *args = mean_of_bins(_backend.ops(x.dtype), (n, c, h, w), size, _four(x), _four(y))
        kernel(*args)
    return y


def adaptive_avg_pool2d_backward(grad_output: Array, input_shape: Shape) -> Array:
    """Gradient of `adaptive_avg_pool2d` with respect to its input.

    Each gradient, divided by the number of pixels of its bin, is added to all of them.

    Parameters
    ----------
    grad_output : array (N, C, P, Q) or (C, P, Q)
        Gradient with respect to the result of `adaptive_avg_pool2d`; its size is the ``output_size``.
    input_shape : sequence of ints
        Shape of the input of `adaptive_avg_pool2d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.adaptive_avg_pool2d_backward(np.array([[[4.0, 8.0]]]), (1, 2, 3))
    array([[[1., 3., 2.],
            [1., 3., 2.]]])
    """
    function = "adaptive_avg_pool2d_backward"
    dy = real(function, "grad_output", grad_output)
    shape = shape_argument(function, "input_shape", input_shape)
    n, c, h, w = image_shape(function, "input_shape", shape)
    size = _size_of(function, dy, shape)
    grad_input = empty(function, "input_shape", shape, dy.dtype)
    if grad_input.size:
        arrays = _four(dy), _four(grad_input)
        kernel, *args = mean_of_bins_backward(_backend.ops(dy.dtype), (n, c, h, w), size, *arrays)
        kernel(*args)
    return grad_input


def _size_of(function: str, grad_output: Array, input_shape: Shape) -> Pair:
    """The size of the result, which only its gradient tells."""
    if grad_output.ndim != len(input_shape) or 0 in grad_output.shape[-2:]:
        raise ValueError(
            f"{function}: grad_output must have as many axes as input_shape {input_shape} and at least one row and "
            f"column, got {grad_output.shape}"
        )
    p, q = grad_output.shape[-2:]
    check_shape(function, "grad_output", grad_output, (*input_shape[:-2], p, q), "that of input_shape but for the size")
    return p, q


@overload
def adaptive_max_pool2d(
    input: Array, output_size: int | tuple[int | None, int | None], return_indices: Literal[False] = False
) -> Array: ...


@overload
def adaptive_max_pool2d(
    input: Array, output_size: int | tuple[int | None, int | None], return_indices: Literal[True]
) -> tuple[Array, Array]: ...


def adaptive_max_pool2d(
    input: Array, output_size: int | tuple[int | None, int | None], return_indices: bool = False
) -> Array | tuple[Array, Array]:
    r"""Largest pixel of each of so many bins as the result shall have pixels.

    .. math:: y_{n,c,p,q} = \max_{i \in R_p,\, j \in C_q} x_{n,c,i,j}

    with the bins of `adaptive_avg_pool2d`. Of equal pixels the first in row-major order wins; a NaN wins over
    everything, the last one in the bin.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        float32 or float64.
    output_size : int or (height, width)
        Size of the result, >= 1; None in a pair is the size of the image.
    return_indices : bool
        Also return where the largest pixels are.

    Returns
    -------
    array (N, C, P, Q) or (C, P, Q)
        Of the size ``output_size``.
    indices : array of int64, of the same shape
        With ``return_indices``: position of the largest pixel in its flattened H*W plane.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        An empty image or an impossible size.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.arange(1.0, 17.0).reshape(1, 4, 4)
    >>> F.adaptive_max_pool2d(x, (1, 3), return_indices=True)
    (array([[[14., 15., 16.]]]), array([[[13, 14, 15]]]))
    """
    function = "adaptive_max_pool2d"
    x = real(function, "input", input)
    return_indices = flag(function, "return_indices", return_indices)
    n, c, h, w = image_shape(function, "input", x.shape)
    size = adaptive2d_size(function, output_size, (h, w))
    shape = (*x.shape[:-2], *size)
    y = empty(function, "output_size", shape, x.dtype)
    indices = empty(function, "output_size", shape, INT64) if return_indices else None
    if y.size:
        wanted = "maximum" if indices is None else "place"
        plain, ops = _plain(n * c, (h, w), size, wanted), _backend.ops(x.dtype)
        if plain is None:
            ops.adaptive_max_pool2d(_four(x), _four(y), None if indices is None else _four(indices))
        else:
            ops.max_pool2d(x, y, indices, plain)
    return y if indices is None else (y, indices)


def adaptive_max_pool2d_backward(grad_output: Array, indices: Array, input_shape: Shape) -> Array:
    """Gradient of `adaptive_max_pool2d` with respect to its input.

    Each gradient goes to the pixel that won its bin; a pixel that won several bins collects their sum.

    Parameters
    ----------
    grad_output : array (N, C, P, Q) or (C, P, Q)
        Gradient with respect to the result of `adaptive_max_pool2d`.
    indices : array of integers, of the shape of ``grad_output``
        As returned by `adaptive_max_pool2d`: positions in the flattened H*W plane, or -1 for none.
    input_shape : sequence of ints
        Shape of the input of `adaptive_max_pool2d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.adaptive_max_pool2d_backward(np.array([[[1.0, 2.0]]]), np.array([[[3, 3]]]), (1, 2, 2))
    array([[[0., 0.],
            [0., 3.]]])
    """
    return gradient_at("adaptive_max_pool2d_backward", 2, grad_output, indices, input_shape)
