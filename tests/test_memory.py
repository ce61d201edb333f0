"""What a convolution takes beside its arguments and results: at most 8 MB for each thread, and the weights once more.

Measured as the kernel of the operating system counts it, in a process of its own: the peak of resident memory during a
call against what was resident before. And what was freed serves the next call: no pages are fetched anew.
"""

import platform
import sys

import pytest
from subprocesses import output

import fastconv as fc
from fastconv.bench import shapes
from fastconv.functional.conv import PORTION

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

def taken(call):  # bytes beside the results
    gc.collect()
    trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = resident("VmRSS")
    results = call()
    return resident("VmHWM") - before - sum(result.nbytes for result in results)

trim = ctypes.CDLL(None).malloc_trim
fc.set_num_threads({threads})
fc.functional.relu(np.ones(1 << 20, np.float32))
"""

LAYERS = """
for layer in shapes.read("layers"):
    if layer.operation != "conv2d":
        continue
    for task in operations.conv2d(layer):
        print(layer.name, task.direction, taken(task.fastconv()))
"""

# The input is 51 MB, as would be a padded copy of it.
PADDED = """
x, w = np.ones((64, 64, 56, 56), np.float32), np.ones((16, 64, 3, 3), np.float32)
dy = np.ones((64, 16, 56, 56), np.float32)
options = {"padding": 1, "padding_mode": "reflect"}
for algorithm in "direct", "winograd":
    print(taken(lambda: [F.conv2d(x, w, **options, algorithm=algorithm)]))
    print(taken(lambda: F.conv2d_backward(dy, x, w, **options, algorithm=algorithm)))
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
    lines = output(CODE.replace("{threads}", str(threads)) + LAYERS).splitlines()
    assert len(lines) == 6 * sum(layer.operation == "conv2d" for layer in layers.values())
    for line in lines:
        name, _direction, taken = line.split()
        assert int(taken) <= threads * LIMIT + weight_bytes(layers[name]) + NOISE, line


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.skipif(fc.get_backend() != "cython", reason="the twins make copies")
def test_no_padded_copy_of_the_batch() -> None:
    """Also where what is padded with is not zeros: two portions that are padded at a time, and their gradient."""
    for line in output(CODE.replace("{threads}", "1") + PADDED).splitlines():
        assert int(line) <= LIMIT + 3 * PORTION + NOISE, line


# Results and workspaces of 0.4 to 3 MB; how many pages 20 calls fetch.
AGAIN = """
import resource
import numpy as np
import fastconv as fc
from fastconv import functional as F

fc.set_num_threads(1)
x = np.ones((512, 512), np.float32)
images, kernels = np.ones((32, 6, 14, 14), np.float32), np.ones((16, 6, 3, 3), np.float32)
for call in lambda: F.linear_backward(x, x, x), lambda: F.conv2d(images, kernels, padding=1):
    for _ in range(3):
        call()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        call()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have rules of their own")
@pytest.mark.skipif(fc.get_backend() != "cython", reason="the twins make copies")
def test_what_is_freed_serves_the_next_call() -> None:
    for line in output(AGAIN).splitlines():
        assert int(line) < 20, line
