"""Rows of features and the images that they are."""

from math import isqrt, prod
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import Shape, integer, is_sequence, shown


def rows_and_shape(owner: str, X: Any) -> tuple[Any, Shape | None]:
    """Images as rows of features, and their shape ``(C, H, W)``; what is not images as it came, and None."""
    if getattr(X, "ndim", 3) < 3:
        return X, None
    images = np.asarray(X)
    if images.ndim < 3:
        return X, None
    if images.ndim > 4:
        raise ValueError(
            f"{owner}: X must be rows (n, features) or images (n, H, W) or (n, C, H, W), got shape {images.shape}"
        )
    return images.reshape(len(images), prod(images.shape[1:])), _with_channels(images.shape[1:])


def real_dtype(rows: Any) -> Any:
    """Which dtypes rows may have, the first one for all others: float32 alone where it holds all their values."""
    dtype = getattr(rows, "dtype", None)
    small = isinstance(dtype, np.dtype) and dtype.kind in "biuf" and np.result_type(dtype, np.float32) == np.float32
    return np.float32 if small else (np.float64, np.float32)


def image_shape(owner: str, wanted: Any, came: Shape | None, features: int) -> Shape:
    """The shape ``(C, H, W)`` of images: as wanted, as they came, or what a number of features suggests."""
    if wanted is not None:
        shape = _checked(owner, wanted)
        if came is not None:
            check_same(owner, came, shape)
        elif prod(shape) != features:
            raise ValueError(
                f"{owner}: image_shape {wanted} makes {prod(shape)} features, but X has {features}"
            )
        return shape
    if came is not None:
        return came
    side = isqrt(features)
    return (1, side, side) if side * side == features else (1, 1, features)


def check_same(owner: str, came: Shape, expected: Shape) -> None:
    """Refuse images of another shape, even of as many pixels."""
    if came != expected:
        raise ValueError(f"{owner}: X must have images of shape {expected}, (C, H, W), got {came}")


def _checked(owner: str, wanted: Any) -> Shape:
    if not is_sequence(wanted):
        raise TypeError(f"{owner}: image_shape must be (H, W), (C, H, W) or None, got {shown(wanted)}")
    if len(wanted) not in (2, 3):
        raise ValueError(f"{owner}: image_shape must be (H, W) or (C, H, W), got {shown(wanted)}")
    return _with_channels(tuple(integer(owner, "image_shape", size, 1) for size in wanted))


def _with_channels(shape: Shape) -> Shape:
    return shape if len(shape) == 3 else (1, *shape)


def batch(rows: Array, chosen: Any, shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Some of the rows as images of a dtype."""
    images: Array = rows[chosen].reshape(-1, *shape).astype(dtype, copy=False)
    return images
