"""Weights that hand their input on."""

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._geometry import Shape, integer

from ._arguments import Tensor, fill, like, shape_of


def eye(shape: Shape, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """The identity matrix, so that a linear layer hands on as many inputs as it can.

    Parameters
    ----------
    shape : pair of int
    dtype : float32 or float64

    Raises
    ------
    ValueError
        `shape` is not 2-D.

    Examples
    --------
    >>> eye((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    return np.eye(*shape_of("eye", shape, 2), dtype=real_dtype("eye", dtype))


def dirac(shape: Shape, groups: int = 1, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """A one in the middle of the kernel from each channel to itself: a convolution that hands on its input.

    Parameters
    ----------
    shape : tuple of int
        3-D to 5-D: out-channels, in-channels of a group, kernel.
    groups : int
        Each group of out-channels hands on its own in-channels.
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        `shape` has another number of dimensions, or `groups` does not divide the out-channels.

    Examples
    --------
    >>> import fastconv.functional as F
    >>> image = np.arange(18, dtype=np.float32).reshape(1, 2, 3, 3)
    >>> bool((F.conv2d(image, dirac((2, 2, 3, 3)), padding=1) == image).all())
    True
    """
    sizes = shape_of("dirac", shape, 3, 4, 5)
    parts = integer("dirac", "groups", groups, 1)
    if sizes[0] % parts:
        raise ValueError(f"dirac: groups must divide the {sizes[0]} out-channels, got {groups}")
    values = np.zeros(sizes, real_dtype("dirac", dtype))
    middle = tuple(size // 2 for size in sizes[2:])
    if 0 not in sizes:
        per_group = sizes[0] // parts
        for channel in range(min(per_group, sizes[1])):
            place: tuple[int | slice, ...] = (slice(channel, None, per_group), channel, *middle)
            values[place] = 1
    return values


def eye_(tensor: Tensor) -> Tensor:
    """Overwrite an array or Parameter with `eye` and return it."""
    return fill(tensor, eye(like("eye_", tensor), dtype=np.float64))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Overwrite an array or Parameter with `dirac` and return it."""
    return fill(tensor, dirac(like("dirac_", tensor), groups, dtype=np.float64))
