"""Average pooling with any border."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv import nn
from fastconv._arrays import Array


class BorderedAvgPool2d(nn.Module):
    """Mean of every window of images with any border, of which the mean knows or not.

    Parameters
    ----------
    kernel_size, stride : pair of int
    padding : ((top, bottom), (left, right))
    count_include_pad : bool
        Whether the border counts as zeros; without it, the mean is that of the pixels alone.
    """

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[tuple[int, int], tuple[int, int]],
        count_include_pad: bool,
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.count_include_pad = count_include_pad

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``."""
        padded = F.pad2d(input, self.padding)
        output = F.avg_pool2d(padded, self.kernel_size, self.stride)
        factor: Any = None
        if not self.count_include_pad:
            pixels = F.pad2d(np.ones((1, *input.shape[-2:]), output.dtype), self.padding)
            factor = 1 / F.avg_pool2d(pixels, self.kernel_size, self.stride)
            output *= factor
        self.save_for_backward(input.shape, padded.shape, factor)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's is shared by its pixels."""
        shape, padded, factor = self.saved_for_backward()
        if not input_grad:
            return None
        grad = grad_output if factor is None else np.multiply(grad_output, factor)
        return F.pad2d_backward(F.avg_pool2d_backward(grad, padded, self.kernel_size, self.stride), shape, self.padding)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"count_include_pad={self.count_include_pad}"
        )
