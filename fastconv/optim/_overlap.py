"""Whether arrays share memory: an update of one must never change another."""

from collections.abc import Sequence

import numpy as np

from fastconv._arrays import Array

# How hard NumPy may think about two interleaved arrays before they count as overlapping.
_MAX_WORK = 100_000


def _bounds(array: Array) -> tuple[int, int]:
    """First address and the one after the last."""
    low = high = array.__array_interface__["data"][0]
    for size, stride in zip(array.shape, array.strides, strict=True):
        reach = (size - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high + array.itemsize


def _share(first: Array, second: Array) -> bool:
    try:
        return np.shares_memory(first, second, max_work=_MAX_WORK)  # type: ignore[arg-type]  # any int will do
    except RuntimeError:  # NumPy's TooHardError
        return True


def overlapping(arrays: Sequence[Array]) -> tuple[int, int] | None:
    """The positions of two arrays that share memory, if there are any.

    Arrays are visited in the order of their addresses, so that only neighbours are compared.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(6)
    >>> overlapping([x[:3], x[3:], x[2:4]])
    (0, 2)
    >>> overlapping([x[::2], x[1::2]]) is None
    True
    """
    spans = sorted((*_bounds(array), i) for i, array in enumerate(arrays) if array.size)
    open_spans: list[tuple[int, int]] = []
    for low, high, i in spans:
        open_spans = [(end, j) for end, j in open_spans if end > low]
        for _, j in open_spans:
            if _share(arrays[i], arrays[j]):
                return min(i, j), max(i, j)
        open_spans.append((high, i))
    return None
