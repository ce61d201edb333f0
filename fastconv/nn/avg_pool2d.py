"""Average pooling layer."""

from fastconv import functional as F
from fastconv._arrays import Array, as_array
from fastconv._geometry import integer, pair, pool2d_geometry
from fastconv.functional._options import flag

from . import _tape
from .module import Module


class AvgPool2d(Module):
    """Mean of every window, as ``torch.nn.AvgPool2d``.

    Parameters
    ----------
    kernel_size, stride, padding : int or pair of int
        Without `stride`, windows lie side by side.
    ceil_mode : bool
        Windows may reach over the end.
    count_include_pad : bool
        Padding counts as zeros; without it, the mean is that of the pixels alone.
    divisor_override : int, optional
        Divide every window's sum by this.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.AvgPool2d(2)
    >>> pool
    AvgPool2d(kernel_size=2, stride=2, padding=0)
    >>> pool(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        pair("AvgPool2d", "kernel_size", kernel_size, 1)
        if stride is not None:
            pair("AvgPool2d", "stride", stride, 1)
        pair("AvgPool2d", "padding", padding, 0)
        if divisor_override is not None:
            integer("AvgPool2d", "divisor_override", divisor_override, 1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = flag("AvgPool2d", "ceil_mode", ceil_mode)
        self.count_include_pad = flag("AvgPool2d", "count_include_pad", count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``; also without N."""
        output = F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip
        self.save_for_backward(as_array(type(self).__name__, "input", input).shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's is shared by its pixels."""
        (input_shape,) = self.saved_for_backward()
        if not input_grad:
            return None
        return F.avg_pool2d_backward(
            grad_output, input_shape, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        sizes = (self.kernel_size, self.stride, self.padding)
        geometry = pool2d_geometry("AvgPool2d", input.shape, *sizes, 1, self.ceil_mode, "input", 2)
        output = tape.new((*input.shape[:-2], geometry.P, geometry.Q))
        options = (geometry, self.count_include_pad, self.divisor_override or 0)
        tape.call(tape.ops.avg_pool2d, input, output, *options)
        tape.save(self, input.shape)
        backward = tape.ops.avg_pool2d_backward
        tape.on_backward(output, [input], lambda back, grad: back.call(backward, grad, back.grad(input), *options))
        return output

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
