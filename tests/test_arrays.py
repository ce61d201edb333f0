"""Arrays of other libraries: what lends memory of the CPU goes in, a plain array comes out."""

import array
import ctypes

import numpy as np
import pytest
from features.layers import LAYERS

from fastconv import functional as F
from fastconv import nn

X = np.random.default_rng(0).standard_normal((2, 1, 4, 4)).astype(np.float32)
W = np.ones((3, 1, 3, 3), np.float32)


class Lent:
    """An array of a stranger that knows nothing but DLPack."""

    def __init__(self, values, device=1):
        self.values, self.device_type = values, device

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device_type, 0


class Everywhere(Lent):
    """One that would also copy its values to the CPU, unasked."""

    def __array__(self, dtype=None, copy=None):
        return self.values


WAYS = {
    "DLPack": Lent,
    "pinned": lambda x: Lent(x, 3),
    "memoryview": memoryview,
    "array.array": lambda x: memoryview(array.array("f", x.ravel().tolist())).cast("B").cast("f", x.shape),
    "ctypes": lambda x: (ctypes.c_float * 4 * 4 * 1 * 2).from_buffer_copy(x),
}


@pytest.mark.parametrize("way", WAYS)
def test_memory_of_the_cpu_goes_in_without_a_copy(way):
    from fastconv._arrays import as_array

    output = F.conv2d(WAYS[way](X), W)
    assert type(output) is np.ndarray and np.array_equal(output, F.conv2d(X, W))
    lent = WAYS[way](X)
    assert np.shares_memory(as_array("f", "input", lent), as_array("f", "input", lent))


@pytest.mark.parametrize("name", [name for name, entry in LAYERS.items() if entry.inputs and name != "Identity"])
@pytest.mark.parametrize("way", [Lent, memoryview])
def test_layers_take_them_forward_and_backward(name, way):
    entry = LAYERS[name]
    parts = {key: value(nn) if callable(value) else value for key, value in entry.base.items()}
    layer = nn.Sequential(*parts["args"]) if "args" in parts else getattr(nn, name)(**parts)
    inputs = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in entry.inputs]
    results = []
    for lend in (np.asarray, way):
        layer.zero_grad()
        layer.train()
        output = layer(*map(lend, inputs))
        grad = layer.backward() if name.endswith("Loss") else layer.backward(lend(np.ones_like(output)))
        results.append([output, grad, *(parameter.grad for parameter in layer.parameters())])
    assert [type(part) for part in results[0]] == [type(part) for part in results[1]]
    if not name.startswith("Dropout"):
        assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize("kind", [Lent, Everywhere])
@pytest.mark.parametrize(
    ("number", "device"), [(2, "CUDA"), (8, "Metal"), (10, "ROCm"), (13, r"CUDA \(managed\)"), (77, "DLPack device 77")]
)
def test_another_device_is_named(kind, number, device):
    text = rf"conv2d: input must be in the memory of the CPU, .* got one on {device}: copy it there first"
    with pytest.raises(TypeError, match=text):
        F.conv2d(kind(X, number), W)
    with pytest.raises(TypeError, match="conv2d: weight must be in the memory of the CPU"):
        F.conv2d(X, kind(W, number))


@pytest.mark.parametrize("value", [[[1.0]], None, "x", 1.0, {}, object()])
def test_what_lends_no_memory_is_refused(value):
    with pytest.raises(TypeError, match=r"conv2d: input must be .*float32 or float64, got"):
        F.conv2d(value, W)


@pytest.mark.parametrize("value", [b"abcd", bytearray(4), memoryview(b"abcd"), array.array("i", [1])])
def test_other_numbers_are_refused(value):
    with pytest.raises(TypeError, match=r"relu: input must be float32 or float64, got dtype u?int"):
        F.relu(value)


def test_running_out_of_memory_is_no_type_error():
    class Full(Lent):
        def __dlpack__(self, **options):
            raise MemoryError

    with pytest.raises(MemoryError):
        F.relu(Full(X))
