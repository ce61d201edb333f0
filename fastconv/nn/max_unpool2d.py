"""The layer that undoes max pooling."""

from fastconv import functional as F
from fastconv._arrays import Array, as_array
from fastconv._geometry import pair

from .module import Module


class MaxUnpool2d(Module):
    """Every pixel back where `MaxPool2d` took it from, and zeros elsewhere, as ``torch.nn.MaxUnpool2d``.

    Parameters
    ----------
    kernel_size, stride, padding : int or pair of int
        Those of the pooling.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    >>> unpool
    MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))
    >>> unpool(*pool(np.array([[[1.0, 2.0, 0.0, 7.0], [4.0, 3.0, 5.0, 6.0]]])))
    array([[[0., 0., 0., 7.],
            [4., 0., 0., 0.]]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self.kernel_size = pair("MaxUnpool2d", "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else pair("MaxUnpool2d", "stride", stride, 1)
        self.padding = pair("MaxUnpool2d", "padding", padding, 0)

    def forward(self, input: Array, indices: Array, output_size: tuple[int, ...] | None = None) -> Array:
        """``(N, C, P, Q)`` and the indices of the pooling to ``(N, C, H, W)``; also without N."""
        output = F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
        self.save_for_backward(indices, as_array(type(self).__name__, "input", input).shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: to each pixel from where it went."""
        indices, input_shape = self.saved_for_backward()
        return F.max_unpool2d_backward(grad_output, indices, input_shape) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
