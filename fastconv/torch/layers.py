"""Layers of torch that compute with fastconv: torch's own classes with another ``forward``.

Where torch does something else with a call than compute it in float32 or float64 on the spot, the layer is the one that
it inherits from: under autocast, while ``torch.compile``, ``torch.export`` or ``torch.jit.trace`` record a model, and
for the stand-ins for tensors of ``torch.fx``. ``torch.jit.script``, which reads source texts, is not served.
"""

from typing import Any

import torch

from . import functional as F


def _by_torch(input: Any) -> bool:
    """Whether a call is to be recorded or rewritten by torch, not computed."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or torch.is_autocast_enabled("cpu")
        or not isinstance(input, torch.Tensor)
    )


class Conv2d(torch.nn.Conv2d):
    """``torch.nn.Conv2d``, computed by fastconv on CPU tensors of float32 or float64.

    Arguments, first weights, ``state_dict`` and ``repr`` are torch's.

    Examples
    --------
    >>> import torch
    >>> import fastconv.torch as ft
    >>> conv = ft.Conv2d(3, 8, 3, padding=1)
    >>> conv
    Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    >>> conv(torch.zeros(2, 3, 10, 10)).shape, isinstance(conv, torch.nn.Conv2d)
    (torch.Size([2, 8, 10, 10]), True)
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``(N, C, H, W)`` or ``(C, H, W)`` to maps of ``out_channels`` channels."""
        if _by_torch(input):
            return super().forward(input)
        options = (self.stride, self.padding, self.dilation, self.groups)
        return F.conv2d(input, self.weight, self.bias, *options, padding_mode=self.padding_mode)


class ConvTranspose2d(torch.nn.ConvTranspose2d):
    """``torch.nn.ConvTranspose2d``, computed by fastconv on CPU tensors of float32 or float64.

    Arguments, first weights, ``state_dict`` and ``repr`` are torch's.

    Examples
    --------
    >>> import torch
    >>> import fastconv.torch as ft
    >>> up = ft.ConvTranspose2d(8, 3, 2, stride=2)
    >>> up(torch.zeros(2, 8, 5, 5)).shape, up(torch.zeros(2, 8, 5, 5), output_size=(11, 10)).shape
    (torch.Size([2, 3, 10, 10]), torch.Size([2, 3, 11, 10]))
    """

    def forward(self, input: torch.Tensor, output_size: Any = None) -> torch.Tensor:
        """``(N, C, H, W)`` or ``(C, H, W)`` to larger maps of ``out_channels`` channels."""
        if _by_torch(input):
            return super().forward(input, output_size)
        sizes = (self.stride, self.padding, self.kernel_size)
        more = self._output_padding(input, output_size, *sizes, 2, self.dilation)
        options = (self.stride, self.padding, tuple(more), self.groups, self.dilation)
        return F.conv_transpose2d(input, self.weight, self.bias, *options)


class Linear(torch.nn.Linear):
    """``torch.nn.Linear``, computed by fastconv on CPU tensors of float32 or float64.

    Arguments, first weights, ``state_dict`` and ``repr`` are torch's.

    Examples
    --------
    >>> import torch
    >>> import fastconv.torch as ft
    >>> ft.Linear(3, 2)(torch.zeros(5, 4, 3)).shape
    torch.Size([5, 4, 2])
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``(..., in_features)`` to ``(..., out_features)``."""
        if _by_torch(input):
            return super().forward(input)
        return F.linear(input, self.weight, self.bias)


class MaxPool2d(torch.nn.MaxPool2d):
    """``torch.nn.MaxPool2d``, computed by fastconv on CPU tensors of float32 or float64.

    Arguments and ``repr`` are torch's.

    Examples
    --------
    >>> import torch
    >>> import fastconv.torch as ft
    >>> ft.MaxPool2d(2)(torch.arange(4.0).reshape(1, 1, 2, 2))
    tensor([[[[3.]]]])
    """

    def forward(self, input: torch.Tensor) -> Any:
        """``(N, C, H, W)`` or ``(C, H, W)`` to the largest pixel of each window."""
        if _by_torch(input):
            return super().forward(input)
        options = (self.kernel_size, self.stride, self.padding, self.dilation)
        return F.max_pool2d(input, *options, self.ceil_mode, self.return_indices)


class AvgPool2d(torch.nn.AvgPool2d):
    """``torch.nn.AvgPool2d``, computed by fastconv on CPU tensors of float32 or float64.

    Arguments and ``repr`` are torch's.

    Examples
    --------
    >>> import torch
    >>> import fastconv.torch as ft
    >>> ft.AvgPool2d(2)(torch.arange(4.0).reshape(1, 1, 2, 2))
    tensor([[[[1.5000]]]])
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``(N, C, H, W)`` or ``(C, H, W)`` to the mean of each window."""
        if _by_torch(input):
            return super().forward(input)
        options = (self.kernel_size, self.stride, self.padding)
        return F.avg_pool2d(input, *options, self.ceil_mode, self.count_include_pad, self.divisor_override)
