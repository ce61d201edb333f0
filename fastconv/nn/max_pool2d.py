"""Max pooling layer."""

from typing import Any

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv._geometry import pair

from .module import Module


class MaxPool2d(Module):
    """Largest value of every window, as ``torch.nn.MaxPool2d``.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int or pair of int
        Without `stride`, windows lie side by side. Padding is never larger than any number.
    return_indices : bool
        ``forward`` then gives ``(output, indices)``, int64 positions within each plane.
    ceil_mode : bool
        Windows may reach over the end.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.MaxPool2d(2)
    >>> pool
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> pool(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        pair("MaxPool2d", "kernel_size", kernel_size, 1)
        if stride is not None:
            pair("MaxPool2d", "stride", stride, 1)
        pair("MaxPool2d", "padding", padding, 0)
        pair("MaxPool2d", "dilation", dilation, 1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Array) -> Any:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``; also without N."""
        options = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        if not (self.return_indices or self.keeps_for_backward()):
            return F.max_pool2d(input, *options)
        output, indices = F.max_pool2d(input, *options, return_indices=True)
        self.save_for_backward(indices, input.shape)
        return (output, indices) if self.return_indices else output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's goes to its largest value."""
        indices, input_shape = self.saved_for_backward()
        return F.max_pool2d_backward(grad_output, indices, input_shape) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )
