"""Convolution layer."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import functional as F
from fastconv._arrays import Array, real_dtype
from fastconv._geometry import conv2d_padding, integer, pair, shown

from . import init
from ._arguments import generator
from .module import Module
from .parameter import Parameter

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Conv2d(Module):
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
        self.in_channels = integer("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = integer("Conv2d", "out_channels", out_channels, 1)
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.dilation = pair("Conv2d", "dilation", dilation, 1)
        self.groups = integer("Conv2d", "groups", groups, 1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups must divide in_channels and out_channels, got groups {groups} "
                f"for {in_channels} and {out_channels}"
            )
        if isinstance(padding, str):
            conv2d_padding("Conv2d", padding, (1, 1), self.kernel_size, self.stride, self.dilation)
            self.padding: Any = padding
        else:
            (top, bottom), (left, right) = conv2d_padding(
                "Conv2d", padding, (1, 1), self.kernel_size, self.stride, self.dilation
            )
            even = top == bottom and left == right
            self.padding = (top, left) if even else ((top, bottom), (left, right))
        if padding_mode not in PADDING_MODES:
            kind = ValueError if isinstance(padding_mode, str) else TypeError
            raise kind(f"Conv2d: padding_mode must be one of {PADDING_MODES}, got {shown(padding_mode)}")
        self.padding_mode = padding_mode

        rng, dtype = generator("Conv2d", rng), real_dtype("Conv2d", dtype)
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self.weight = Parameter(init.kaiming_uniform(shape, a=5**0.5, rng=rng, dtype=dtype))
        self.bias: Parameter | None = None
        if bias:
            bound = init.fan_in(shape) ** -0.5
            self.bias = Parameter(init.uniform(shape[:1], -bound, bound, rng=rng, dtype=dtype))

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, K, P, Q)`` or ``(K, P, Q)``."""
        self.save_for_backward(input)
        bias = None if self.bias is None else self.bias.data
        return F.conv2d(
            input, self.weight.data, bias, self.stride, self.padding, self.dilation, self.groups,
            padding_mode=self.padding_mode,
        )  # fmt: skip

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        (input,) = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight.requires_grad, bias is not None and bias.requires_grad)
        grad_input, grad_weight, grad_bias = F.conv2d_backward(
            grad_output, input, weight.data, self.stride, self.padding, self.dilation, self.groups,
            padding_mode=self.padding_mode, output_mask=mask,
        )  # fmt: skip
        if grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text
