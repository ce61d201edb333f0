"""Targets that name a class: as int64, and checked."""

import numpy as np

from fastconv._arrays import INT64, Array, check_shape
from fastconv._geometry import Shape


def as_ids(target: Array, ignore_index: int) -> Array:
    """Ids of any integer dtype as contiguous int64; those beyond int64 become one that names no class either."""
    if target.dtype is INT64 and target.flags.c_contiguous and target.flags.aligned:
        return target
    if target.dtype.kind == "u" and target.dtype.itemsize == 8:
        target = np.where(target > 2**63 - 1, -1 if ignore_index != -1 else -2, target.astype(INT64))
    return np.array(target, dtype=INT64, order="C")


def no_class(function: str, target: Array, at: int, classes: int) -> ValueError:
    """The error for the element at this place in row-major order."""
    where = [int(i) for i in np.unravel_index(at, target.shape)]
    place = f"target{where}" if where else "target"
    return ValueError(f"{function}: {place} = {target[tuple(where)]} is not in [0, {classes})")


def class_ids(
    function: str, target: Array, classes: int, ignore_index: int, loss_shape: Shape
) -> tuple[Array, Array | None]:
    """The ids as int64 and which of them are ignored (None: none is), after a check of every one."""
    check_shape(function, "target", target, loss_shape, "one class id for each sample")
    # A copy of our own: what was checked cannot change under the kernel's hands.
    ids = np.array(as_ids(target, ignore_index))
    # Seen as unsigned, a negative id is a very large one.
    outside = ids.view(np.uint64) >= classes
    ignored = None
    if 0 <= ignore_index < classes or np.count_nonzero(outside):
        ignored = ids == ignore_index
        wrong = outside & ~ignored
        if np.count_nonzero(wrong):
            raise no_class(function, target, int(np.argmax(wrong)), classes)
    return ids, ignored
