"""Convolution layer."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional.conv import Gradients

from ._convolution import Convolution


class Conv2d(Convolution):
    r"""Cross-correlation of images with trained kernels, as ``torch.nn.Conv2d``.

    .. math:: y_{nkpq} = b_k + \sum_{crs} x_{n,\,c,\,p s_h + r d_h - p_h,\,q s_w + s d_w - p_w}\, w_{kcrs}

    Weight and bias start uniformly in :math:`\pm 1 / \sqrt{C R S / groups}`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or pair of int
    padding : int, pair of int, ``((top, bottom), (left, right))``, "same" or "valid"
    groups : int
        Divides both numbers of channels.
    bias : bool
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    rng : int or numpy.random.Generator, optional
        Where the first weights come from: a seed, or a generator that several layers share.
    dtype : float32 or float64

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, R, S)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> conv = nn.Conv2d(3, 8, 3, padding=1, rng=0)
    >>> conv
    Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    >>> conv(np.zeros((2, 3, 10, 10), np.float32)).shape
    (2, 8, 10, 10)
    """

    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: Any = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: int | np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, rng, dtype
        )

    def _forward(self, input: Array, weight: Array, bias: Array | None) -> Array:
        options = (self.stride, self.padding, self.dilation, self.groups)
        return F.conv2d(input, weight, bias, *options, padding_mode=self.padding_mode)

    def _backward(
        self, grad_output: Array, input: Array, weight: Array, mask: tuple[bool, bool, bool], *more: Any
    ) -> Gradients:
        options = (self.stride, self.padding, self.dilation, self.groups)
        return F.conv2d_backward(
            grad_output, input, weight, *options, padding_mode=self.padding_mode, output_mask=mask
        )
