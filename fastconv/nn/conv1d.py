"""1-D convolution layer."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv.functional.conv import Gradients

from ._convolution import Convolution


class Conv1d(Convolution):
    r"""Cross-correlation of signals with trained kernels, as ``torch.nn.Conv1d``.

    .. math:: y_{nkq} = b_k + \sum_{cs} x_{n,\,c,\,q t + s d - p}\, w_{kcs}

    with stride :math:`t`, dilation :math:`d` and padding :math:`p`. Weight and bias start uniformly in
    :math:`\pm 1 / \sqrt{C S / groups}`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int
    padding : int, "same" or "valid"
    groups : int
        Divides both numbers of channels.
    bias : bool
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    rng : int or numpy.random.Generator, optional
        Where the first weights come from: a seed, or a generator that several layers share.
    dtype : float32 or float64

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, S)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> conv = nn.Conv1d(3, 8, 5, stride=2, rng=0)
    >>> conv
    Conv1d(3, 8, kernel_size=(5,), stride=(2,))
    >>> conv(np.zeros((2, 3, 11), np.float32)).shape
    (2, 8, 4)
    """

    axes = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: int | str = 0,
        dilation: int | tuple[int] = 1,
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
        return F.conv1d(input, weight, bias, *options, padding_mode=self.padding_mode)

    def _backward(
        self, grad_output: Array, input: Array, weight: Array, mask: tuple[bool, bool, bool], *more: Any
    ) -> Gradients:
        options = (self.stride, self.padding, self.dilation, self.groups)
        return F.conv1d_backward(
            grad_output, input, weight, *options, padding_mode=self.padding_mode, output_mask=mask
        )
