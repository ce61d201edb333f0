"""1-D transposed convolution layer."""

import numpy as np
import numpy.typing as npt

from fastconv import functional as F

from ._transposed import TransposedConvolution


class ConvTranspose1d(TransposedConvolution):
    r"""Spread every element over a window, weighted by trained kernels, as ``torch.nn.ConvTranspose1d``.

    .. math:: y_{n,k,i} = b_k + \sum x_{n,c,p}\, w_{c,\,k - gK/G,\,s} \quad\text{over all}\quad p t + s d - l = i

    the adjoint of `Conv1d` from ``out_channels`` to ``in_channels``; symbols as in `functional.conv_transpose1d`.
    Weight and bias start uniformly in :math:`\pm 1 / \sqrt{K S / groups}`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, output_padding, groups : int
    bias : bool
    dilation : int
    padding_mode : {"zeros"}
    rng : int or numpy.random.Generator, optional
        Where the first weights come from: a seed, or a generator that several layers share.
    dtype : float32 or float64

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, S)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> up = nn.ConvTranspose1d(8, 3, 4, stride=2, padding=1, rng=0)
    >>> up
    ConvTranspose1d(8, 3, kernel_size=(4,), stride=(2,), padding=(1,))
    >>> up(np.zeros((2, 8, 5), np.float32)).shape
    (2, 3, 10)
    """

    axes = 1
    _function = staticmethod(F.conv_transpose1d)
    _function_backward = staticmethod(F.conv_transpose1d_backward)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: int | tuple[int] = 0,
        output_padding: int | tuple[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int] = 1,
        padding_mode: str = "zeros",
        *,
        rng: int | np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, rng, dtype,
            output_padding,
        )  # fmt: skip
