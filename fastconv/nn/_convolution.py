"""What all layers of convolution share: their arguments, first values, passes and text."""

from typing import Any

import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import Shape, check_output_padding, conv2d_padding, integer, pair, shown, single
from fastconv.functional._options import flag
from fastconv.functional.conv import Gradients

from . import init
from .module import Module
from .parameter import Parameter

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """Base: sizes of one or two axes, a weight, perhaps a bias; a subclass says which functions to call, and how."""

    axes: int
    transposed = False

    def _set_up(
        self,
        in_channels: Any,
        out_channels: Any,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: Any,
        bias: Any,
        padding_mode: Any,
        rng: Any,
        dtype: npt.DTypeLike,
        output_padding: Any = 0,
    ) -> None:
        """Check the arguments and draw weight and bias."""
        name = type(self).__name__
        self.in_channels = integer(name, "in_channels", in_channels, 1)
        self.out_channels = integer(name, "out_channels", out_channels, 1)
        self.kernel_size = self._sizes("kernel_size", kernel_size, 1)
        self.stride = self._sizes("stride", stride, 1)
        self.dilation = self._sizes("dilation", dilation, 1)
        self.output_padding = self._sizes("output_padding", output_padding, 0)
        if self.transposed:
            check_output_padding(name, self.output_padding, self.stride, self.dilation)
        self.groups = integer(name, "groups", groups, 1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups must divide in_channels and out_channels, got groups {groups} "
                f"for {in_channels} and {out_channels}"
            )
        self.padding: Any = self._sizes("padding", padding, 0) if self.transposed else self._padding(padding)
        modes = PADDING_MODES[:1] if self.transposed else PADDING_MODES
        if padding_mode not in modes:
            kind = ValueError if isinstance(padding_mode, str) else TypeError
            raise kind(f"{name}: padding_mode must be one of {modes}, got {shown(padding_mode)}")
        self.padding_mode = padding_mode

        rng, dtype = generator(name, rng), real_dtype(name, dtype)
        channels = (self.in_channels, self.out_channels) if self.transposed else (self.out_channels, self.in_channels)
        shape: Shape = (channels[0], channels[1] // self.groups, *self.kernel_size)
        self.weight = Parameter(init.kaiming_uniform(shape, a=5**0.5, rng=rng, dtype=dtype))
        self.bias: Parameter | None = None
        if flag(name, "bias", bias):
            bound = init.fan_in(shape) ** -0.5
            self.bias = Parameter(init.uniform((self.out_channels,), -bound, bound, rng=rng, dtype=dtype))

    def _sizes(self, argument: str, value: Any, low: int) -> Any:
        """A tuple with an int for each axis."""
        name = type(self).__name__
        return pair(name, argument, value, low) if self.axes == 2 else (single(name, argument, value, low),)

    def _padding(self, padding: Any) -> Any:
        """A word, a size for each axis, or the four sides where they differ."""
        none = (1, 1)
        (top, bottom), (left, right) = conv2d_padding(type(self).__name__, padding, none, none, none, none, self.axes)
        if isinstance(padding, str):
            return padding
        if self.axes == 1:
            return (left,)
        return (top, left) if top == bottom and left == right else ((top, bottom), (left, right))

    def _forward(self, input: Array, weight: Array, bias: Array | None) -> Array:
        raise NotImplementedError

    def _backward(
        self, grad_output: Array, input: Array, weight: Array, mask: tuple[bool, bool, bool], *more: Any
    ) -> Gradients:
        """The gradients; ``more`` is what the forward pass kept beside its input."""
        raise NotImplementedError

    def forward(self, input: Array) -> Array:
        """A batch of images ``(N, C, ...)``, or one ``(C, ...)``, to maps of ``out_channels`` channels."""
        self.save_for_backward(input)
        return self._forward(input, self.weight.data, None if self.bias is None else self.bias.data)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        input, *more = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight.requires_grad, bias is not None and bias.requires_grad)
        grad_input, grad_weight, grad_bias = self._backward(grad_output, input, weight.data, mask, *more)
        if grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        nothing, once = (0,) * self.axes, (1,) * self.axes
        if self.padding != nothing:
            text += f", padding={self.padding}"
        if self.dilation != once:
            text += f", dilation={self.dilation}"
        if self.output_padding != nothing:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text
