"""Transposed convolution layer."""

import numpy as np
import numpy.typing as npt

from fastconv import functional as F

from ._transposed import TransposedConvolution


class ConvTranspose2d(TransposedConvolution):
    r"""Spread every pixel over a window, weighted by trained kernels, as ``torch.nn.ConvTranspose2d``.

    .. math::
        y_{n,k,i,j} = b_k + \sum x_{n,c,p,q}\, w_{c,\,k - gK/G,\,r,s} \quad\text{over all}\quad
        p s_h + r d_h - t = i,\; q s_w + s d_w - l = j

    the adjoint of `Conv2d` from ``out_channels`` to ``in_channels``; symbols as in `functional.conv_transpose2d`.
    Weight and bias start uniformly in :math:`\pm 1 / \sqrt{K R S / groups}`, as in PyTorch, which takes the second
    axis of the weight for the input.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or pair of int
    padding : int or pair of int
        Rows and columns taken off the result on every side.
    output_padding : int or pair of int
        Rows and columns more at the bottom and right of the result; less than stride or dilation.
    groups : int
        Divides both numbers of channels.
    bias : bool
    padding_mode : {"zeros"}
    rng : int or numpy.random.Generator, optional
        Where the first weights come from: a seed, or a generator that several layers share.
    dtype : float32 or float64

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, R, S)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> up = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1, rng=0)
    >>> up
    ConvTranspose2d(8, 3, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    >>> up(np.zeros((2, 8, 5, 7), np.float32)).shape
    (2, 3, 10, 14)
    """

    axes = 2
    _function = staticmethod(F.conv_transpose2d)
    _function_backward = staticmethod(F.conv_transpose2d_backward)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        output_padding: int | tuple[int, int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, int] = 1,
        padding_mode: str = "zeros",
        *,
        rng: int | np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, rng, dtype,
            output_padding,
        )  # fmt: skip
