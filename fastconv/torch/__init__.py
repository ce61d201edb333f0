"""Layers and functions for PyTorch that fastconv computes: forward and backward on the memory of CPU tensors.

>>> import torch, fastconv.torch
>>> model = torch.nn.Sequential(torch.nn.Conv2d(1, 6, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
>>> print(fastconv.torch.replace_layers(model, quiet=True))
computed by fastconv: 2
  0  Conv2d
  2  MaxPool2d
left to torch: none
>>> model(torch.zeros(1, 1, 8, 8)).shape
torch.Size([1, 6, 2, 2])

torch and fastconv use one pool of threads where both find the same OpenMP library, ``libgomp.so.1``: fastconv built
from source, and torch for the CPU on Linux, whichever is imported first. Let them use equally many threads:
``fc.set_num_threads(torch.get_num_threads())``. Where other work shares the CPUs, or where the libraries are two, start
Python with ``OMP_WAIT_POLICY=passive``: threads then sleep between calls instead of spinning against each other.
"""

from fastconv._extras import require

require("torch", "fastconv.torch", "torch")

from . import functional  # noqa: E402
from .layers import AvgPool2d, Conv2d, ConvTranspose2d, Linear, MaxPool2d  # noqa: E402
from .replacement import Replacement, replace_layers  # noqa: E402

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "ConvTranspose2d",
    "Linear",
    "MaxPool2d",
    "Replacement",
    "functional",
    "replace_layers",
]
