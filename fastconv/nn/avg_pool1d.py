"""1-D average pooling layer."""

from fastconv import functional as F
from fastconv._arrays import Array, as_array
from fastconv._geometry import single
from fastconv.functional._options import flag

from .module import Module


class AvgPool1d(Module):
    """Mean of every window of signals, as ``torch.nn.AvgPool1d``.

    Parameters
    ----------
    kernel_size, stride, padding : int
        Without `stride`, windows lie side by side.
    ceil_mode : bool
        Windows may reach over the end.
    count_include_pad : bool
        Padding counts as zeros; without it, the mean is that of the elements alone.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.AvgPool1d(2)
    >>> pool
    AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))
    >>> pool(np.array([[3.0, 1.0, 4.0, 1.0]]))
    array([[2. , 2.5]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = (single("AvgPool1d", "kernel_size", kernel_size, 1),)
        self.stride = self.kernel_size if stride is None else (single("AvgPool1d", "stride", stride, 1),)
        self.padding = (single("AvgPool1d", "padding", padding, 0),)
        self.ceil_mode = flag("AvgPool1d", "ceil_mode", ceil_mode)
        self.count_include_pad = flag("AvgPool1d", "count_include_pad", count_include_pad)

    def _options(self) -> tuple[int, int, int, bool, bool]:
        return self.kernel_size[0], self.stride[0], self.padding[0], self.ceil_mode, self.count_include_pad

    def forward(self, input: Array) -> Array:
        """``(N, C, L)`` to ``(N, C, Q)``; also without N."""
        output = F.avg_pool1d(input, *self._options())
        self.save_for_backward(as_array(type(self).__name__, "input", input).shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's is shared by its elements."""
        (input_shape,) = self.saved_for_backward()
        return F.avg_pool1d_backward(grad_output, input_shape, *self._options()) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
