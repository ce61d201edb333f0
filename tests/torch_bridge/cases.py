"""The five operations with options, for torch's functions and fastconv's alike."""

import pytest
import torch
from torch.nn import functional as theirs

from fastconv.torch import functional as ours

CONV = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": (1, 2), "padding": (2, 0), "dilation": (1, 2)},
    {"padding": "same", "dilation": 2},
    {"groups": 2, "padding": "valid"},
]
TRANSPOSED = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": (1, 2), "padding": (1, 0), "dilation": (2, 1)},
]
MAX = [{"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}]
MAX += [{"kernel_size": (2, 1), "stride": 1, "dilation": 2}]
AVG = [{"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}]
AVG += [{"kernel_size": (3, 2), "padding": (1, 0), "count_include_pad": False}]
AVG += [{"kernel_size": 2, "stride": 1, "divisor_override": 3}]

SHAPES = {
    "conv2d": ((2, 2, 4, 5), (4, 2, 3, 3), (4,)),
    "conv_transpose2d": ((2, 2, 3, 4), (2, 4, 3, 3), (4,)),
    "linear": ((3, 5), (4, 5), (4,)),
    "max_pool2d": ((2, 2, 6, 5),),
    "avg_pool2d": ((2, 2, 6, 5),),
}
OPTIONS = {"conv2d": CONV, "conv_transpose2d": TRANSPOSED, "linear": [{}], "max_pool2d": MAX, "avg_pool2d": AVG}
CASES = [
    pytest.param(name, options, id=f"{name}-{number}")
    for name, list_of_options in OPTIONS.items()
    for number, options in enumerate(list_of_options)
]


def tensors(name, options, dtype=torch.float64):
    """Leaves that require a gradient; pixels that differ, so that a maximum is not ambiguous."""
    generator = torch.Generator().manual_seed(0)
    shapes = list(SHAPES[name])
    if "groups" in options:
        shapes[1] = (4, 1, 3, 3)
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in shapes]


def pair(name):
    """fastconv's function and torch's."""
    return getattr(ours, name), getattr(theirs, name)
