"""Weights that keep lengths and angles."""

import math

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import Shape

from ._arguments import Rng, Tensor, fill, like, number, shape_of


def orthogonal(shape: Shape, gain: float = 1.0, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32) -> Array:
    """Weights that are an orthogonal matrix: rows if there are fewer of them than columns, else columns.

    All such matrices are equally likely: Q of a normal matrix, with the signs that make the diagonal of R positive.

    Parameters
    ----------
    shape : tuple of int
        At least 2-D: out-channels, then everything that makes an input; the latter counts as one axis.
    gain : float
        Factor of the matrix.
    rng : int or numpy.random.Generator, optional
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    A. Saxe, J. McClelland and S. Ganguli, *Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural
    Networks*, ICLR 2014. F. Mezzadri, *How to Generate Random Matrices from the Classical Compact Groups*, 2007.

    Examples
    --------
    >>> weight = orthogonal((3, 5), rng=0, dtype=np.float64)
    >>> bool(np.allclose(weight @ weight.T, np.eye(3)))
    True
    """
    sizes, factor = shape_of("orthogonal", shape), number("orthogonal", "gain", gain)
    element, random = real_dtype("orthogonal", dtype), generator("orthogonal", rng)
    if len(sizes) < 2:
        raise ValueError(f"orthogonal: shape must be at least 2-D, (out, in, ...), got {sizes}")
    if 0 in sizes:
        return np.zeros(sizes, element)
    rows, columns = sizes[0], math.prod(sizes[1:])
    q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.where(np.diagonal(r) < 0, -factor, factor)
    return np.ascontiguousarray(q if rows >= columns else q.T, element).reshape(sizes)


def orthogonal_(tensor: Tensor, gain: float = 1.0, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `orthogonal` and return it."""
    return fill(tensor, orthogonal(like("orthogonal_", tensor), gain, rng=rng, dtype=np.float64))
