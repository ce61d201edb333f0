"""Why convolution: what a thousand hidden units cost that see all of an image, and a thousand kernels
===================================================================================================

Run with

    python examples/weight_sharing.py

Both layers turn an image into a thousand maps or numbers. The first has a weight for each pixel and unit; the second
moves the same 25 weights over the image. The tables are of images of 32x18 pixels; the last lines count weights for
1280x720, which the first layer could hardly hold in memory. They cost nothing to count: a parameter wraps the array
that it is given, and a view of a single number can have any shape.
"""

import numpy as np

import fastconv as fc
from fastconv import nn

UNITS, KERNEL = 1000, 5


def everywhere(width: int, height: int) -> nn.Sequential:
    """Each unit sees all pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(width * height, UNITS, bias=False))


def shared() -> nn.Sequential:
    """Each kernel sees 5x5 pixels at a time."""
    return nn.Sequential(nn.Conv2d(1, UNITS, KERNEL, bias=False))


def weights_everywhere(width: int, height: int) -> nn.Parameter:
    """The weight of `everywhere`, in name only: one zero, seen as a matrix."""
    return nn.Parameter(np.broadcast_to(np.float32(0), (UNITS, width * height)))


def main() -> tuple[int, int]:
    """Print both tables, and return the numbers of weights for 1280x720."""
    for model in (everywhere(32, 18), shared()):
        print(fc.summary(model, (1, 1, 18, 32)), end="\n\n")
    counts = weights_everywhere(1280, 720).size, next(shared().parameters()).size
    print(f"1280x720 pixels, {UNITS:,} units that see all of them: {counts[0]:,} weights")
    print(f"1280x720 pixels, {UNITS:,} kernels of {KERNEL}x{KERNEL}: {counts[1]:,} weights")
    return counts


if __name__ == "__main__":
    main()
