"""Convolution layer."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv._geometry import conv2d_geometry
from fastconv.functional._algorithm import DIRECTIONS, choose, kernel
from fastconv.functional.conv import Gradients

from . import _tape
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

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        if self.padding_mode != "zeros":
            raise _tape.Unrecordable
        weight, bias = tape.data(self.weight), tape.data(self.bias)
        assert weight is not None
        options = (self.stride, self.padding, self.dilation, self.groups)
        geometry, _ = conv2d_geometry("Conv2d", input.shape, weight.shape, *options)
        if bias is not None and bias.shape != (geometry.K,):
            raise _tape.Unrecordable
        algorithms = [choose("Conv2d", geometry, name, tape.dtype, "auto").algorithm for name in DIRECTIONS]
        forward, grad_input, grad_weight = map(partial(kernel, tape.ops), algorithms, DIRECTIONS)
        output = tape.new((*input.shape[:-3], geometry.K, geometry.P, geometry.Q))
        x = tape.view(input, (geometry.N, *input.shape[-3:]))
        y = tape.view(output, (geometry.N, *output.shape[-3:]))
        tape.call(forward, x, weight, bias, y, geometry)
        tape.save(self, input)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            dy = back.view(grad, y.shape)
            if back.wants(self.weight):
                back.call(grad_weight, dy, x, back.grad(self.weight), geometry)
            if back.wants(self.bias):
                back.call(tape.ops.conv2d_grad_bias, dy, back.grad(self.bias), geometry)
            dx = back.grad(input)
            if dx is not None:
                back.call(grad_input, dy, weight, back.view(dx, x.shape), geometry)

        tape.on_backward(output, [input, self.weight, self.bias], pull)
        return output
