"""2-D convolution (cross-correlation, as in the whole field) and its gradients."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from fastconv import _backend
from fastconv._arrays import Array, check_shape, destination, empty, real
from fastconv._geometry import Conv2dGeometry, Shape, Sides, conv2d_geometry, padded_size
from fastconv.functional._algorithm import ALGORITHMS, DIRECTIONS, choose, compute
from fastconv.functional._options import output_mask as checked_mask
from fastconv.functional._options import word
from fastconv.functional.pad import pad2d, pad2d_backward

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")

PORTION = 1 << 22
"""Bytes of padded images at a time."""

Gradients = tuple[Array | None, Array | None, Array | None]
"""Of input, weight and bias; None where none was wanted."""


def _plan(
    function: str,
    axes: int,
    input_shape: Shape,
    weight_shape: Shape,
    options: tuple[Any, Any, Any, Any],
    padding_mode: Any,
    algorithm: Any,
) -> tuple[Conv2dGeometry, Sides | None]:
    """The sizes of the convolution that the kernel sees, and how the input is padded before it, if it is.

    The kernel pads with zeros by itself; another mode is a convolution without padding of padded copies, of some images
    at a time.
    """
    word(function, "padding_mode", padding_mode, PADDING_MODES)
    word(function, "algorithm", algorithm, ALGORITHMS)
    geometry, pads = conv2d_geometry(function, input_shape, weight_shape, *options, axes)
    if padding_mode == "zeros" or pads == ((0, 0), (0, 0)):
        return geometry, None
    last = len(input_shape) - 1
    h, w = (
        padded_size(function, "padding", size, *amounts, padding_mode, axis=axis)
        for size, amounts, axis in zip((geometry.H, geometry.W), pads, (last - 1, last), strict=True)
    )
    return geometry._replace(H=h, W=w, pad_top=0, pad_left=0), pads


def batch(images: Array, axes: int) -> Array:
    """A view as kernels take it: one image as a batch of one, a row of numbers as an image of height 1."""
    if images.ndim == 4:
        return images
    *n, c = images.shape[:-axes]
    return images.reshape(*(n or [1]), c, *(images.shape[-2:] if axes == 2 else (1, images.shape[-1])))


def kernels_of(weight: Array) -> Array:
    """A view of a weight with a height of 1 if it has none."""
    return weight if weight.ndim == 4 else weight.reshape(*weight.shape[:2], 1, weight.shape[2])


def _portions(geometry: Conv2dGeometry, itemsize: int) -> Iterator[tuple[slice, Conv2dGeometry]]:
    """Images whose padded copies stay in a cache together, and the sizes of their convolution."""
    step = max(PORTION // (geometry.C * geometry.H * geometry.W * itemsize), 1)
    for n in range(0, geometry.N, step):
        yield slice(n, n + step), geometry._replace(N=min(step, geometry.N - n))


def maps_shape(like: Shape, axes: int, channels: int, size: tuple[int, int]) -> Shape:
    """The shape of maps of so many channels, batched as ``like``."""
    return (*like[:-3], channels, *size) if axes == 2 else (*like[:-2], channels, size[1])


def convolve(
    function: str,
    axes: int,
    input: Any,
    weight: Any,
    bias: Any,
    options: tuple[Any, Any, Any, Any],
    padding_mode: Any,
    algorithm: Any,
    out: Any,
) -> Array:
    """`conv2d`, or with one axis `conv1d`; ``options`` are stride, padding, dilation and groups."""
    x = real(function, "input", input)
    dtype = x.dtype
    w = real(function, "weight", weight, dtype)
    b = None if bias is None else real(function, "bias", bias, dtype)
    geometry, pads = _plan(function, axes, x.shape, w.shape, options, padding_mode, algorithm)
    choice = choose(function, geometry, "forward", dtype, algorithm)
    if b is not None:
        check_shape(function, "bias", b, (geometry.K,), "one value for each output channel")
    shape = maps_shape(x.shape, axes, geometry.K, (geometry.P, geometry.Q))
    y = destination(function, "padding", out, shape, dtype, (x, w, b))
    if y.size:
        ops, images, kernels, maps = _backend.ops(dtype), batch(x, axes), kernels_of(w), batch(y, axes)
        if pads is None:
            compute(ops, choice.algorithm, "forward", (images, kernels, b, maps), geometry)
        else:
            for part, sizes in _portions(geometry, dtype.itemsize):
                padded = pad2d(images[part], pads, padding_mode)
                compute(ops, choice.algorithm, "forward", (padded, kernels, b, maps[part]), sizes)
    if out is None or y is out:
        return y
    out[...] = y
    return cast(Array, out)


def convolve_backward(
    function: str,
    axes: int,
    grad_output: Any,
    input: Any,
    weight: Any,
    options: tuple[Any, Any, Any, Any],
    padding_mode: Any,
    algorithm: Any,
    output_mask: Any,
) -> Gradients:
    """`conv2d_backward`, or with one axis `conv1d_backward`."""
    x = real(function, "input", input)
    dtype = x.dtype
    w = real(function, "weight", weight, dtype)
    dy = real(function, "grad_output", grad_output, dtype)
    wants_input, wants_weight, wants_bias = checked_mask(function, output_mask)
    geometry, pads = _plan(function, axes, x.shape, w.shape, options, padding_mode, algorithm)
    expected = maps_shape(x.shape, axes, geometry.K, (geometry.P, geometry.Q))
    check_shape(function, "grad_output", dy, expected, "that of the forward result")
    dy, images = batch(dy, axes), batch(x, axes)
    way = {name: choose(function, geometry, name, dtype, algorithm).algorithm for name in DIRECTIONS[1:]}
    kernels = _backend.ops(dtype)
    grad_input = grad_weight = grad_bias = None
    at_once = pads is None and dy.size > 0
    if wants_input:
        grad_input = empty(function, "padding", images.shape, dtype)
    if wants_weight:
        grad_weight = np.empty(w.shape, dtype) if at_once else np.zeros(w.shape, dtype)
    if at_once:
        if grad_input is not None:
            compute(kernels, way["grad_input"], "grad_input", (dy, kernels_of(w), grad_input), geometry)
        if grad_weight is not None:
            compute(kernels, way["grad_weight"], "grad_weight", (dy, images, kernels_of(grad_weight)), geometry)
    elif pads is not None:
        for part, sizes in _portions(geometry, dtype.itemsize):
            if grad_input is not None:
                padded = np.empty((sizes.N, sizes.C, sizes.H, sizes.W), dtype)
                compute(kernels, way["grad_input"], "grad_input", (dy[part], kernels_of(w), padded), sizes)
                grad_input[part] = pad2d_backward(padded, images[part].shape, pads, padding_mode)
            if grad_weight is not None:
                padded, more = pad2d(images[part], pads, padding_mode), np.empty_like(grad_weight)
                compute(kernels, way["grad_weight"], "grad_weight", (dy[part], padded, kernels_of(more)), sizes)
                with np.errstate(all="ignore"):
                    grad_weight += more
    if grad_input is not None and x.ndim != 4:
        grad_input = grad_input.reshape(x.shape)
    if wants_bias:
        grad_bias = np.zeros(geometry.K, dtype)
        if dy.size:
            kernels.conv2d_grad_bias(dy, grad_bias, geometry)
    return grad_input, grad_weight, grad_bias


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple[int, int] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
    out: Array | None = None,
) -> Array:
    r"""Convolve images with a bank of kernels.

    .. math::
        y_{n,k,p,q} = b_k + \sum_{c,r,s} x_{n,\, gC/G + c,\, p s_h + r d_h - t,\, q s_w + s d_w - l}\;
        w_{k,c,r,s}, \qquad g = \lfloor kG/K \rfloor

    with strides :math:`s_h, s_w`, dilations :math:`d_h, d_w`, padding :math:`t` at the top and :math:`l` at
    the left, and :math:`G` groups. The kernel is not flipped: what deep learning calls a convolution
    (Goodfellow, Bengio and Courville, *Deep Learning*, section 9.1).

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W)
        A batch of images, or one; float32 or float64.
    weight : array (K, C / groups, R, S)
        The kernels, of the input's dtype.
    bias : array (K,), optional
        Added to each output channel.
    stride, dilation : int or (height, width)
        Step of the kernel over the image, and step between its taps; >= 1.
    padding : int, (height, width), ((top, bottom), (left, right)), "valid" or "same"
        Rows and columns added around the image. ``"valid"`` adds none; ``"same"`` as many as give
        ``ceil(H / stride)`` output rows, an odd one at the bottom and right (ONNX ``SAME_UPPER``).
    groups : int
        Channels are split into this many groups that do not see each other; it divides C and K.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the added rows and columns hold, as in `pad2d`.
    algorithm : {"auto", "direct", "depthwise", "pointwise", "winograd"}
        ``"direct"`` keeps to the sum above, and so do ``"depthwise"``, which serves ``groups == C``, and
        ``"pointwise"``, which serves 1x1 kernels with stride 1 and no padding.
        ``"winograd"`` computes 3x3 kernels with stride 1, dilation 1 and one group by the transforms of Lavin
        and Gray (2016, https://arxiv.org/abs/1509.09308) with a quarter of the multiplications. ``"auto"`` takes
        the fastest for the shape; float64 has no ``"winograd"``. `fastconv.explain_conv2d` tells which.
        Where ``"auto"`` takes ``"winograd"``, the error of an output is at most 2e-6 of the same sum over absolute
        values, for pixels of like size: a pixel that is a million times as large as the others in its tile of
        6 x 6 spreads its rounding error over the tile.
    out : array, optional
        Where to write the result, instead of a new array: same shape and dtype, writeable, any layout. If it
        is not contiguous or overlaps an input, the result is computed apart and then copied.

    Returns
    -------
    array (N, K, P, Q) or (K, P, Q)
        With ``P = (H + top + bottom - dilation * (R - 1) - 1) // stride + 1`` and likewise ``Q``; ``out`` if
        given.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, an empty weight or image, a kernel larger than the padded image, an option out
        of range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> edge = np.array([[[[1, -1]]]], dtype=np.float32)
    >>> F.conv2d(image, edge)[0, 0]
    array([[-1., -1., -1.],
           [-1., -1., -1.],
           [-1., -1., -1.],
           [-1., -1., -1.]], dtype=float32)
    >>> F.conv2d(image, edge, stride=2, padding="same").shape
    (1, 1, 2, 2)
    """
    options = (stride, padding, dilation, groups)
    return convolve("conv2d", 2, input, weight, bias, options, padding_mode, algorithm, out)


def conv2d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int | tuple[int, int] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> Gradients:
    r"""Gradients of `conv2d` with respect to input, weight and bias.

    With :math:`\bar y` = ``grad_output``:

    .. math::
        \bar x_{n,c,h,w} = \sum \bar y_{n,k,p,q}\, w_{k,c,r,s}, \qquad
        \bar w_{k,c,r,s} = \sum \bar y_{n,k,p,q}\, x_{n,c,h,w}, \qquad
        \bar b_k = \sum_{n,p,q} \bar y_{n,k,p,q}

    over all windows ``(p, q)`` and taps ``(r, s)`` that meet pixel ``(h, w)``. Pixels that no window meets
    get 0. The arrays are read now: what they held at the time of the forward call is not remembered.

    Parameters
    ----------
    grad_output : array (N, K, P, Q) or (K, P, Q)
        Gradient with respect to the result of `conv2d`, of its shape and dtype.
    input, weight
        The arrays given to `conv2d`.
    stride, padding, dilation, groups, padding_mode, algorithm
        The options given to `conv2d`.
    output_mask : (bool, bool, bool)
        Which of the three gradients to compute.

    Returns
    -------
    grad_input, grad_weight, grad_bias : array or None
        Of the shapes of input, weight and ``(K,)``; None where ``output_mask`` says so. For an empty batch
        the gradients of weight and bias are zeros.

    Raises
    ------
    TypeError, ValueError
        As `conv2d`; also if ``grad_output`` has not the result's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x, w = np.ones((1, 1, 3, 3)), np.full((1, 1, 2, 2), 2.0)
    >>> grad_input, grad_weight, grad_bias = F.conv2d_backward(np.ones((1, 1, 2, 2)), x, w)
    >>> grad_input[0, 0]
    array([[2., 4., 2.],
           [4., 8., 4.],
           [2., 4., 2.]])
    >>> grad_weight[0, 0], grad_bias
    (array([[4., 4.],
           [4., 4.]]), array([4.]))
    """
    options = (stride, padding, dilation, groups)
    return convolve_backward(
        "conv2d_backward", 2, grad_output, input, weight, options, padding_mode, algorithm, output_mask
    )
