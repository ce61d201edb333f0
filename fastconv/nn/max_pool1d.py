"""1-D max pooling layer."""

from fastconv import functional as F

from ._max_pooling import MaxPooling


class MaxPool1d(MaxPooling):
    """Largest value of every window of signals, as ``torch.nn.MaxPool1d``.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int
        Without `stride`, windows lie side by side. Padding is never larger than any number.
    return_indices : bool
        ``forward`` then gives ``(output, indices)``, int64 positions within each signal.
    ceil_mode : bool
        Windows may reach over the end.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> pool = nn.MaxPool1d(2)
    >>> pool
    MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> pool(np.array([[3.0, 1.0, 4.0, 1.0]]))
    array([[3., 4.]])
    """

    axes = 1
    _pool = staticmethod(F.max_pool1d)
    _pool_backward = staticmethod(F.max_pool1d_backward)

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        dilation: int | tuple[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self._set_up(kernel_size, stride, padding, dilation, return_indices, ceil_mode)
