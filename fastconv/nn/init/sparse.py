"""Weights that are mostly zero."""

import math

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import Shape

from ._arguments import Rng, Tensor, deviation, fill, like, number, shape_of


def sparse(
    shape: Shape, sparsity: float, std: float = 0.01, *, rng: Rng = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Normal numbers, of which a share in each column is zero: each input reaches as many outputs.

    Parameters
    ----------
    shape : pair of int
        Outputs and inputs.
    sparsity : float
        Share of zeros, in [0, 1]; their number is rounded up.
    std : float
        Standard deviation of the others.
    rng : int or numpy.random.Generator, optional
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    J. Martens, *Deep Learning via Hessian-Free Optimization*, ICML 2010.

    Examples
    --------
    >>> weight = sparse((10, 3), sparsity=0.75, rng=0)
    >>> (weight == 0).sum(axis=0).tolist()
    [8, 8, 8]
    """
    sizes, spread = shape_of("sparse", shape, 2), deviation("sparse", std)
    share = number("sparse", "sparsity", sparsity)
    if not 0 <= share <= 1:
        raise ValueError(f"sparse: sparsity must be in [0, 1], got {sparsity}")
    element, random = real_dtype("sparse", dtype), generator("sparse", rng)
    values = spread * random.standard_normal(sizes)
    order = random.permuted(np.broadcast_to(np.arange(sizes[0])[:, None], sizes), axis=0)
    values[order < math.ceil(share * sizes[0])] = 0
    return values.astype(element)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, *, rng: Rng = None) -> Tensor:
    """Overwrite an array or Parameter with `sparse` and return it."""
    return fill(tensor, sparse(like("sparse_", tensor), sparsity, std, rng=rng, dtype=np.float64))
