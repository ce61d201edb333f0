"""Max pooling layer."""

from fastconv import functional as F
from fastconv._arrays import INT64
from fastconv._geometry import pool2d_geometry

from . import _tape
from ._max_pooling import MaxPooling


class MaxPool2d(MaxPooling):
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

    axes = 2
    _pool = staticmethod(F.max_pool2d)
    _pool_backward = staticmethod(F.max_pool2d_backward)

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self._set_up(kernel_size, stride, padding, dilation, return_indices, ceil_mode)

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        if self.return_indices:
            raise _tape.Unrecordable
        options = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        geometry = pool2d_geometry("MaxPool2d", input.shape, *options, "input", 2)
        output = tape.new((*input.shape[:-2], geometry.P, geometry.Q))
        indices = tape.new(output.shape, INT64) if tape.keeps else None
        tape.call(tape.ops.max_pool2d, input, output, indices, geometry)
        tape.save(self, indices, input.shape)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            values = (grad, indices, back.grad(input))
            planes = [value and back.view(value, (geometry.planes, 1, *value.shape[-2:])) for value in values]
            back.call(tape.ops.max_pool2d_backward, *planes)

        tape.on_backward(output, [input], pull)
        return output
