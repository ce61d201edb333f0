"""What a convolution takes beside its arguments and results: at most 8 MB for each thread, and the weights once more.

Measured as the kernel of the operating system counts it, in a process of its own: the peak of resident memory during a
call against what was resident before.
"""

import sys

import pytest
from subprocesses import output

import fastconv as fc
from fastconv.bench import shapes

LIMIT = 8e6
NOISE = 1e6  # the allocator's and the interpreter's own
POINTS = 36  # of a transformed 3x3 kernel

CODE = """
import ctypes, gc, sys
import numpy as np
import fastconv as fc
from fastconv import functional as F
from fastconv.bench import operations, shapes

def resident(word):
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(word))

trim = ctypes.CDLL(None).malloc_trim
fc.set_num_threads({threads})
fc.functional.relu(np.ones(1 << 20, np.float32))
for layer in shapes.read("layers"):
    if layer.operation != "conv2d":
        continue
    for task in operations.conv2d(layer):
        call = task.fastconv()
        gc.collect()
        trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = resident("VmRSS")
        results = call()
        peak = resident("VmHWM")
        print(layer.name, task.direction, peak - before - sum(result.nbytes for result in results))
        del results
"""


def weight_bytes(layer: shapes.Layer) -> int:
    """The weights as kernels have them: packed to whole tiles, or transformed. Sums of their gradient are as large."""
    kernel = layer.options["kernel"]
    r, s = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    taps = POINTS if (r, s) == (3, 3) else r * s
    outputs, inputs, groups = layer.options["outputs"], layer.input[1], layer.options.get("groups", 1)
    rows, columns = (-(-n // groups // 48) * 48 for n in (outputs, inputs))
    return groups * rows * columns * taps * (8 if layer.options.get("dtype") == "float64" else 4)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.skipif(fc.get_backend() != "cython", reason="the twins make copies")
@pytest.mark.parametrize("threads", [1, 2])
def test_workspace_of_convolutions(threads: int) -> None:
    layers = {layer.name: layer for layer in shapes.read("layers")}
    lines = output(CODE.replace("{threads}", str(threads))).splitlines()
    assert len(lines) == 6 * sum(layer.operation == "conv2d" for layer in layers.values())
    for line in lines:
        name, _direction, taken = line.split()
        assert int(taken) <= threads * LIMIT + weight_bytes(layers[name]) + NOISE, line
