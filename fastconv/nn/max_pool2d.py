"""Max pooling layer."""

from fastconv import functional as F

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
