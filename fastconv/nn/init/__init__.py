"""First values of weights, with PyTorch's names and formulas.

Every distribution comes twice: ``uniform(shape, ...)`` returns a new array, ``uniform_(tensor, ...)`` overwrites an
array or `Parameter` and returns it. Numbers are drawn in float64 and then rounded, so that one seed gives the same
weights in float32 and float64 up to rounding.
"""

from .constant import constant, constant_, ones, ones_, zeros, zeros_
from .distribution import normal, normal_, trunc_normal, trunc_normal_, uniform, uniform_
from .gain import calculate_gain
from .identity import dirac, dirac_, eye, eye_
from .orthogonal import orthogonal, orthogonal_
from .sparse import sparse, sparse_
from .variance import (
    fan_in,
    kaiming_normal,
    kaiming_normal_,
    kaiming_uniform,
    kaiming_uniform_,
    xavier_normal,
    xavier_normal_,
    xavier_uniform,
    xavier_uniform_,
)

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "fan_in",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros",
    "zeros_",
]
