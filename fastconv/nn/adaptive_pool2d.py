"""Layers that pool to a given size."""

from typing import Any

from fastconv import functional as F
from fastconv._arrays import Array, as_array
from fastconv._geometry import adaptive2d_size, image_shape
from fastconv.functional._options import flag
from fastconv.functional.adaptive_pool import mean_of_bins, mean_of_bins_backward

from . import _tape
from .module import Module

Size = int | tuple[int | None, int | None]


class AdaptiveAvgPool2d(Module):
    """Mean of every bin of images that are divided into so many, as ``torch.nn.AdaptiveAvgPool2d``.

    Parameters
    ----------
    output_size : int or pair of int or None
        Rows and columns of the result; None in a pair: those of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.AdaptiveAvgPool2d(1)
    >>> pool
    AdaptiveAvgPool2d(output_size=1)
    >>> pool(np.arange(32.0).reshape(1, 2, 4, 4)).ravel()
    array([ 7.5, 23.5])
    """

    def __init__(self, output_size: Size) -> None:
        adaptive2d_size("AdaptiveAvgPool2d", output_size, (1, 1))
        self.output_size = output_size

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``; also without N."""
        output = F.adaptive_avg_pool2d(input, self.output_size)
        self.save_for_backward(as_array(type(self).__name__, "input", input).shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each bin's is shared by its pixels."""
        (input_shape,) = self.saved_for_backward()
        return F.adaptive_avg_pool2d_backward(grad_output, input_shape) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        n, c, h, w = image_shape("AdaptiveAvgPool2d", "input", input.shape)
        size = adaptive2d_size("AdaptiveAvgPool2d", self.output_size, (h, w))
        output = tape.new((*input.shape[:-2], *size))
        x, y = tape.view(input, (n, c, h, w)), tape.view(output, (n, c, *size))
        tape.call(*mean_of_bins(tape.ops, x.shape, size, x, y))
        tape.save(self, input.shape)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            dx = back.grad(input)
            if dx is not None:
                back.call(
                    *mean_of_bins_backward(tape.ops, x.shape, size, back.view(grad, y.shape), back.view(dx, x.shape))
                )

        tape.on_backward(output, [input], pull)
        return output

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(Module):
    """Largest value of every bin of images that are divided into so many, as ``torch.nn.AdaptiveMaxPool2d``.

    Parameters
    ----------
    output_size : int or pair of int or None
        Rows and columns of the result; None in a pair: those of the input.
    return_indices : bool
        ``forward`` then gives ``(output, indices)``, int64 positions within each plane.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.AdaptiveMaxPool2d((1, None))
    >>> pool
    AdaptiveMaxPool2d(output_size=(1, None))
    >>> pool(np.arange(12.0).reshape(1, 1, 4, 3))
    array([[[[ 9., 10., 11.]]]])
    """

    def __init__(self, output_size: Size, return_indices: bool = False) -> None:
        adaptive2d_size("AdaptiveMaxPool2d", output_size, (1, 1))
        self.output_size = output_size
        self.return_indices = flag("AdaptiveMaxPool2d", "return_indices", return_indices)

    def forward(self, input: Array) -> Any:
        """``(N, C, H, W)`` to ``(N, C, P, Q)``; also without N."""
        if not (self.return_indices or self.keeps_for_backward()):
            return F.adaptive_max_pool2d(input, self.output_size)
        output, indices = F.adaptive_max_pool2d(input, self.output_size, True)
        self.save_for_backward(indices, as_array(type(self).__name__, "input", input).shape)
        return (output, indices) if self.return_indices else output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: each bin's goes to its largest value."""
        indices, input_shape = self.saved_for_backward()
        return F.adaptive_max_pool2d_backward(grad_output, indices, input_shape) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"output_size={self.output_size}"
