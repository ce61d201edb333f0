"""Transposed convolution, 2-D and 1-D, and its gradients.

It is the adjoint of a convolution and computed by the same kernels: forward is the gradient of the convolution in its
input, the gradient of the input is the convolution itself, and the gradient of the weight that of the convolution's
with the two images in each other's place.
"""

from typing import Any

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, empty, real
from fastconv._geometry import conv_transpose2d_geometry
from fastconv.functional._algorithm import ALGORITHMS, choose, compute
from fastconv.functional._options import output_mask as checked_mask
from fastconv.functional._options import word
from fastconv.functional.conv import Gradients, batch, kernels_of, maps_shape

Options = tuple[Any, Any, Any, Any, Any]
"""As they were given: stride, padding, output_padding, groups and dilation."""


def _transpose(
    function: str, axes: int, input: Any, weight: Any, bias: Any, options: Options, algorithm: Any
) -> Array:
    """`conv_transpose2d`, or with one axis `conv_transpose1d`."""
    x = real(function, "input", input)
    dtype = x.dtype
    w = real(function, "weight", weight, dtype)
    b = None if bias is None else real(function, "bias", bias, dtype)
    word(function, "algorithm", algorithm, ALGORITHMS)
    geometry = conv_transpose2d_geometry(function, x.shape, w.shape, *options, axes)
    choice = choose(function, geometry, "grad_input", dtype, algorithm, "output")
    if b is not None:
        check_shape(function, "bias", b, (geometry.C,), "one value for each output channel")
    y = empty(function, "input", maps_shape(x.shape, axes, geometry.C, (geometry.H, geometry.W)), dtype)
    if y.size:
        arrays = (batch(x, axes), kernels_of(w), batch(y, axes))
        compute(_backend.ops(dtype), choice.algorithm, "grad_input", arrays, geometry, b)
    return y


def _transpose_backward(
    function: str,
    axes: int,
    grad_output: Any,
    input: Any,
    weight: Any,
    options: Options,
    algorithm: Any,
    output_mask: Any,
) -> Gradients:
    """`conv_transpose2d_backward`, or with one axis `conv_transpose1d_backward`."""
    x = real(function, "input", input)
    dtype = x.dtype
    w = real(function, "weight", weight, dtype)
    dy = real(function, "grad_output", grad_output, dtype)
    wants_input, wants_weight, wants_bias = checked_mask(function, output_mask)
    word(function, "algorithm", algorithm, ALGORITHMS)
    geometry = conv_transpose2d_geometry(function, x.shape, w.shape, *options, axes)
    expected = maps_shape(x.shape, axes, geometry.C, (geometry.H, geometry.W))
    check_shape(function, "grad_output", dy, expected, "that of the forward result")
    dy = batch(dy, axes)
    of_input, of_weight = (
        choose(function, geometry, direction, dtype, algorithm, "output").algorithm
        for direction in ("forward", "grad_weight")
    )
    kernels = _backend.ops(dtype)
    grad_input = grad_weight = grad_bias = None
    if wants_input:
        grad_input = np.empty(x.shape, dtype)
        if grad_input.size:
            compute(kernels, of_input, "forward", (dy, kernels_of(w), None, batch(grad_input, axes)), geometry)
    if wants_weight:
        grad_weight = np.zeros(w.shape, dtype)
        if dy.size:
            compute(kernels, of_weight, "grad_weight", (batch(x, axes), dy, kernels_of(grad_weight)), geometry)
    if wants_bias:
        grad_bias = np.zeros(geometry.C, dtype)
        if dy.size:
            maps = geometry._replace(K=geometry.C, P=geometry.H, Q=geometry.W)
            kernels.conv2d_grad_bias(dy, grad_bias, maps)
    return grad_input, grad_weight, grad_bias


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
    *,
    algorithm: str = "auto",
) -> Array:
    r"""Spread every pixel over a window of the result, weighted by a bank of kernels; windows that overlap add up.

    .. math::
        y_{n,k,i,j} = b_k + \sum x_{n,c,p,q}\, w_{c,\,k - gK/G,\,r,s} \quad\text{over all}\quad
        p s_h + r d_h - t = i,\; q s_w + s d_w - l = j

    with strides :math:`s_h, s_w`, dilations :math:`d_h, d_w`, padding :math:`t, l`, :math:`G` groups, and channels
    :math:`c` of the group :math:`g` of :math:`k`. It is the adjoint of `conv2d` with the same weight and options
    (Dumoulin and Visin, 2016, https://arxiv.org/abs/1603.07285, chapter 4), and has often been called deconvolution,
    which it is not.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        A batch of images, or one; float32 or float64.
    weight : array (C, K / groups, R, S)
        The kernels, of the input's dtype. For `conv2d` they would lead from K to C channels.
    bias : array (K,), optional
        Added to each output channel, also where no window is.
    stride, dilation : int or (height, width)
        Step between windows, and between the pixels of a window; >= 1.
    padding : int or (height, width)
        Rows and columns taken off the result on every side.
    output_padding : int or (height, width)
        Rows and columns more at the bottom and right of the result, less than stride or dilation: with a stride,
        `conv2d` gives images of several sizes the same result, and this says which of them is meant.
    groups : int
        Channels are split into this many groups that do not see each other; it divides C and K.
    algorithm : {"auto", "direct", "depthwise", "pointwise", "winograd"}
        As in `conv2d`; ``"depthwise"`` serves ``groups == K``.

    Returns
    -------
    array (N, K, P, Q) or (K, P, Q)
        With ``P = (H - 1) * stride - 2 * padding + dilation * (R - 1) + output_padding + 1`` and likewise ``Q``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, an empty weight or image, padding that leaves nothing, an option out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x = np.array([[[1.0, 2.0]]])
    >>> F.conv_transpose2d(x, np.array([[[[1.0, 1.0, 0.5]]]]), stride=2)
    array([[[1. , 1. , 2.5, 2. , 1. ]]])
    >>> F.conv_transpose2d(x, np.array([[[[1.0]]]]), np.array([7.0]), stride=(1, 3), output_padding=(0, 1))
    array([[[8., 7., 7., 9., 7.]]])
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transpose("conv_transpose2d", 2, input, weight, bias, options, algorithm)


def conv_transpose2d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
    *,
    algorithm: str = "auto",
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> Gradients:
    r"""Gradients of `conv_transpose2d` with respect to input, weight and bias.

    With :math:`\bar y` = ``grad_output``, the gradient of the input is `conv2d` of :math:`\bar y` with the same weight
    and options, that of the weight is

    .. math:: \bar w_{c,k,r,s} = \sum_{n,p,q} x_{n,c,p,q}\, \bar y_{n,k,\, p s_h + r d_h - t,\, q s_w + s d_w - l}

    and that of the bias the sum of :math:`\bar y` over images, rows and columns.

    Parameters
    ----------
    grad_output : array (N, K, P, Q) or (K, P, Q)
        Gradient with respect to the result of `conv_transpose2d`, of its shape and dtype.
    input, weight
        The arrays given to `conv_transpose2d`.
    stride, padding, output_padding, groups, dilation, algorithm
        The options given to `conv_transpose2d`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, weight and ``(K,)``; None where ``output_mask`` says so. For an empty batch the
        gradients of weight and bias are zeros.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose2d`; also if ``grad_output`` has not the result's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x, w = np.array([[[1.0, 2.0]]]), np.array([[[[1.0, 1.0, 0.5]]]])
    >>> grad_input, grad_weight, grad_bias = F.conv_transpose2d_backward(np.ones((1, 1, 5)), x, w, stride=2)
    >>> grad_input, grad_weight, grad_bias
    (array([[[2.5, 2.5]]]), array([[[[3., 3., 3.]]]]), array([5.]))
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transpose_backward(
        "conv_transpose2d_backward", 2, grad_output, input, weight, options, algorithm, output_mask
    )


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
    *,
    algorithm: str = "auto",
) -> Array:
    r"""Spread every element of signals over a window of the result, weighted by a bank of kernels.

    .. math:: y_{n,k,i} = b_k + \sum x_{n,c,p}\, w_{c,\,k - gK/G,\,s} \quad\text{over all}\quad p t + s d - l = i

    with stride :math:`t`, dilation :math:`d`, padding :math:`l` and :math:`G` groups: `conv_transpose2d` of images of
    one row.

    Parameters
    ----------
    input : array (N, C, L) or (C, L)
        float32 or float64.
    weight : array (C, K / groups, S)
        The kernels, of the input's dtype.
    bias : array (K,), optional
        Added to each output channel.
    stride, padding, output_padding, groups, dilation : int
        As in `conv_transpose2d`.
    algorithm : {"auto", "direct", "depthwise", "pointwise", "winograd"}
        As in `conv_transpose2d`; ``"winograd"`` serves no signal.

    Returns
    -------
    array (N, K, Q) or (K, Q)
        With ``Q = (L - 1) * stride - 2 * padding + dilation * (S - 1) + output_padding + 1``.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose2d`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 1.0, 0.5]]]), stride=2)
    array([[1. , 1. , 2.5, 2. , 1. ]])
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transpose("conv_transpose1d", 1, input, weight, bias, options, algorithm)


def conv_transpose1d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
    *,
    algorithm: str = "auto",
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> Gradients:
    """Gradients of `conv_transpose1d` with respect to input, weight and bias.

    Formulas as in `conv_transpose2d_backward`, for images of one row.

    Parameters
    ----------
    grad_output : array (N, K, Q) or (K, Q)
        Gradient with respect to the result of `conv_transpose1d`, of its shape and dtype.
    input, weight
        The arrays given to `conv_transpose1d`.
    stride, padding, output_padding, groups, dilation, algorithm
        The options given to `conv_transpose1d`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, weight and ``(K,)``; None where ``output_mask`` says so.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose1d`; also if ``grad_output`` has not the result's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[[1.0, 1.0, 0.5]]])
    >>> grad_input, _, grad_bias = F.conv_transpose1d_backward(np.ones((1, 5)), x, w, stride=2)
    >>> grad_input, grad_bias
    (array([[2.5, 2.5]]), array([5.]))
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _transpose_backward(
        "conv_transpose1d_backward", 1, grad_output, input, weight, options, algorithm, output_mask
    )
