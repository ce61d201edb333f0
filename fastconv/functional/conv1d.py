"""1-D convolution and its gradients: those of images of one row."""

from fastconv._arrays import Array
from fastconv.functional.conv import Gradients, convolve, convolve_backward


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> Array:
    r"""Convolve signals with a bank of kernels.

    .. math::
        y_{n,k,q} = b_k + \sum_{c,s} x_{n,\, gC/G + c,\, q t + s d - l}\; w_{k,c,s}, \qquad g = \lfloor kG/K \rfloor

    with stride :math:`t`, dilation :math:`d`, padding :math:`l` at the left and :math:`G` groups: `conv2d` of images
    of one row.

    Parameters
    ----------
    input : array (N, C, L) or (C, L)
        A batch of signals, or one; float32 or float64.
    weight : array (K, C / groups, S)
        The kernels, of the input's dtype.
    bias : array (K,), optional
        Added to each output channel.
    stride, dilation : int
        Step of the kernel over the signal, and step between its taps; >= 1.
    padding : int, "valid" or "same"
        Elements added at both ends. ``"valid"`` adds none; ``"same"`` as many as give ``ceil(L / stride)`` outputs,
        an odd one at the end.
    groups : int
        Channels are split into this many groups that do not see each other; it divides C and K.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the added elements hold, as in `pad2d`.
    algorithm : {"auto", "direct", "depthwise", "pointwise", "winograd"}
        As in `conv2d`; ``"winograd"`` serves no signal.

    Returns
    -------
    array (N, K, Q) or (K, Q)
        With ``Q = (L + 2 * padding - dilation * (S - 1) - 1) // stride + 1``.

    Raises
    ------
    TypeError
        An argument of the wrong kind or dtype.
    ValueError
        Shapes that do not fit, an empty weight or signal, a kernel larger than the padded signal, an option out of
        range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> steps = np.array([[[1.0, -1.0]]])
    >>> F.conv1d(np.array([[1.0, 4.0, 9.0, 16.0]]), steps)
    array([[-3., -5., -7.]])
    >>> F.conv1d(np.array([[1.0, 4.0, 9.0, 16.0]]), steps, padding="same", padding_mode="circular")
    array([[-3., -5., -7., 15.]])
    """
    options = (stride, padding, dilation, groups)
    return convolve("conv1d", 1, input, weight, bias, options, padding_mode, algorithm, None)


def conv1d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
    output_mask: tuple[bool, bool, bool] = (True, True, True),
) -> Gradients:
    """Gradients of `conv1d` with respect to input, weight and bias.

    Formulas as in `conv2d_backward`, for images of one row.

    Parameters
    ----------
    grad_output : array (N, K, Q) or (K, Q)
        Gradient with respect to the result of `conv1d`, of its shape and dtype.
    input, weight
        The arrays given to `conv1d`.
    stride, padding, dilation, groups, padding_mode, algorithm
        The options given to `conv1d`.
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
        As `conv1d`; also if ``grad_output`` has not the result's shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> x, w = np.array([[1.0, 2.0, 3.0]]), np.array([[[1.0, -1.0]]])
    >>> F.conv1d_backward(np.array([[1.0, 1.0]]), x, w)
    (array([[ 1.,  0., -1.]]), array([[[3., 5.]]]), array([2.]))
    """
    options = (stride, padding, dilation, groups)
    return convolve_backward(
        "conv1d_backward", 1, grad_output, input, weight, options, padding_mode, algorithm, output_mask
    )
