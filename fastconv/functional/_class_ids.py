"""Targets that name a class: checked, and apart from the caller's array."""

import numpy as np

from fastconv._arrays import INT64, Array, check_shape
from fastconv._geometry import Shape


def class_ids(
    function: str, target: Array, classes: int, ignore_index: int, loss_shape: Shape
) -> tuple[Array, Array | None]:
    """The ids as int64 and which of them are ignored (None: none is), after a check of every one."""
    check_shape(function, "target", target, loss_shape, "one class id for each sample")
    # A copy of our own: what was checked cannot change under the kernel's hands.
    ids = np.array(target, dtype=target.dtype if target.dtype == np.uint64 else INT64, order="C")
    # Seen as unsigned, a negative id is a very large one.
    outside = ids.view(np.uint64) >= classes
    ignored = None
    if 0 <= ignore_index < classes or np.count_nonzero(outside):
        ignored = ids == ignore_index
        wrong = outside & ~ignored
        if np.count_nonzero(wrong):
            where = [int(i) for i in np.argwhere(wrong)[0]]
            place = f"target{where}" if where else "target"
            raise ValueError(f"{function}: {place} = {ids[tuple(where)]} is not in [0, {classes})")
    return ids.astype(INT64, copy=False), ignored
