"""What max pooling layers of one and two axes share."""

from typing import Any

from fastconv._arrays import Array, as_array
from fastconv._geometry import EXTENTS
from fastconv.functional._options import flag

from .module import Module


class MaxPooling(Module):
    """Base: checks the arguments, and keeps the places of the maxima between the passes."""

    axes: int
    _pool: Any
    _pool_backward: Any

    def _set_up(
        self, kernel_size: Any, stride: Any, padding: Any, dilation: Any, return_indices: bool, ceil_mode: bool
    ) -> None:
        """Check the arguments and keep them as they are, which is how ``repr`` shows them."""
        name, extent = type(self).__name__, EXTENTS[self.axes - 1]
        extent(name, "kernel_size", kernel_size, 1)
        if stride is not None:
            extent(name, "stride", stride, 1)
        extent(name, "padding", padding, 0)
        extent(name, "dilation", dilation, 1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = flag(name, "return_indices", return_indices)
        self.ceil_mode = flag(name, "ceil_mode", ceil_mode)

    def forward(self, input: Array) -> Any:
        """``(N, C, ...)`` or ``(C, ...)`` to as many channels of one pixel for each window."""
        options = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        if not (self.return_indices or self.keeps_for_backward()):
            return self._pool(input, *options)
        output, indices = self._pool(input, *options, return_indices=True)
        self.save_for_backward(indices, as_array(type(self).__name__, "input", input).shape)
        return (output, indices) if self.return_indices else output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each window's goes to its largest value."""
        indices, input_shape = self.saved_for_backward()
        return self._pool_backward(grad_output, indices, input_shape) if input_grad else None

    def covers_pixels(self) -> bool:
        """Whether each window has a pixel for certain, and so a maximum that is one of them."""
        return not self.ceil_mode and self.padding in (0, (0, 0))

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )
