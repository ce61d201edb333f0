"""1-D max and average pooling and their gradients: those of images of one row."""

from typing import Literal, overload

from fastconv._arrays import Array
from fastconv._geometry import Shape
from fastconv.functional.pool import avg_pool, avg_pool_backward, gradient_at, max_pool


@overload
def max_pool1d(
    input: Array,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Array: ...


@overload
def max_pool1d(
    input: Array,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Array, Array]: ...


@overload
def max_pool1d(
    input: Array,
    kernel_size: int,
    stride: int | None,
    padding: int,
    dilation: int,
    ceil_mode: bool,
    return_indices: Literal[True],
) -> tuple[Array, Array]: ...


def max_pool1d(
    input: Array,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    r"""Largest element of each window.

    .. math:: y_{n,c,q} = \max_s\; x_{n,c,\, q \cdot stride + s \cdot dilation - padding}

    Ties, NaN and padding as in `max_pool2d`.

    Parameters
    ----------
    input : array (N, C, L) or (C, L)
        float32 or float64.
    kernel_size, stride, padding, dilation : int
        As in `max_pool2d`.
    ceil_mode : bool
        Also take a last window that begins inside the signal and ends beyond the padding.
    return_indices : bool
        Also return where the largest elements are.

    Returns
    -------
    array (N, C, Q) or (C, Q)
        With ``Q = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``, rounded up with ``ceil_mode``.
    indices : array of int64, of the same shape
        With ``return_indices``: position of the largest element in its signal; -1 if the window lies in the padding
        altogether.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        An empty signal, an option out of range, or a window larger than the padded signal.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.max_pool1d(np.array([[3.0, 1.0, 4.0, 1.0, 5.0]]), 2, ceil_mode=True, return_indices=True)
    (array([[3., 4., 5.]]), array([[0, 2, 4]]))
    """
    options = (kernel_size, stride, padding, dilation)
    return max_pool("max_pool1d", 1, input, options, ceil_mode, return_indices)


def max_pool1d_backward(grad_output: Array, indices: Array, input_shape: Shape) -> Array:
    """Gradient of `max_pool1d` with respect to its input.

    Parameters
    ----------
    grad_output : array (N, C, Q) or (C, Q)
        Gradient with respect to the result of `max_pool1d`.
    indices : array of integers, of the shape of ``grad_output``
        As returned by `max_pool1d`: positions in the signal, or -1 for none.
    input_shape : sequence of ints
        Shape of the input of `max_pool1d`.

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
    >>> F.max_pool1d_backward(np.array([[1.0, 2.0]]), np.array([[1, 1]]), (1, 3))
    array([[0., 3., 0.]])
    """
    return gradient_at("max_pool1d_backward", 1, grad_output, indices, input_shape)


def avg_pool1d(
    input: Array,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    r"""Mean of each window.

    .. math:: y_{n,c,q} = \frac{1}{d_q} \sum_s x_{n,c,\, q \cdot stride + s - padding}

    with the divisor :math:`d` of `avg_pool2d`.

    Parameters
    ----------
    input : array (N, C, L) or (C, L)
        float32 or float64.
    kernel_size, stride, padding : int
    ceil_mode, count_include_pad : bool
        As in `avg_pool2d`.

    Returns
    -------
    array (N, C, Q) or (C, Q)
        Sizes as in `max_pool1d` without dilation.

    Raises
    ------
    TypeError, ValueError
        As `max_pool1d`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.avg_pool1d(np.array([[3.0, 1.0, 4.0, 1.0, 5.0]]), 2)
    array([[2. , 2.5]])
    """
    return avg_pool("avg_pool1d", 1, input, (kernel_size, stride, padding), ceil_mode, count_include_pad, None)


def avg_pool1d_backward(
    grad_output: Array,
    input_shape: Shape,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Gradient of `avg_pool1d` with respect to its input.

    Parameters
    ----------
    grad_output : array (N, C, Q) or (C, Q)
        Gradient with respect to the result of `avg_pool1d`.
    input_shape : sequence of ints
        Shape of the input of `avg_pool1d`.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        The options given to `avg_pool1d`.

    Returns
    -------
    array of shape ``input_shape``
        Of the dtype of ``grad_output``.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool1d`; also if ``grad_output`` has not the shape of the result.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.avg_pool1d_backward(np.array([[4.0, 8.0]]), (1, 3), 2, stride=1)
    array([[2., 6., 4.]])
    """
    options = (kernel_size, stride, padding)
    return avg_pool_backward(
        "avg_pool1d_backward", 1, grad_output, input_shape, options, ceil_mode, count_include_pad, None
    )
