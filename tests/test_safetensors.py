"""Weights in files of safetensors: what comes back, what torch makes of them, and what is refused."""

import json
import os
import struct
import sys
import tracemalloc

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn
from fastconv.weights import read_meta

library = pytest.importorskip("safetensors")


def model(seed=0, **kind):
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=seed, **kind), nn.BatchNorm2d(2, **kind), nn.ReLU(), nn.Flatten(),
        nn.Linear(8, 3, rng=seed, **kind),
    )  # fmt: skip


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].shape == b[name].shape and a[name].tobytes() == b[name].tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def of(header, data=b""):
    """A file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**other):
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | other


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip(path, dtype):
    saved, loaded = model(0, dtype=dtype), model(1, dtype=dtype)
    fc.save_weights(path, saved, {"a": [1, None, "\u00e9"]})
    assert fc.load_weights(path, loaded) == ([], [])
    assert_same(saved.state_dict(), loaded.state_dict())
    assert read_meta(path) == {"a": [1, None, "\u00e9"]}
    assert os.listdir(path.parent) == [path.name]


def test_the_ending_decides(tmp_path):
    for name in ("a.SafeTensors", "b.npz", "c"):
        fc.save_weights(tmp_path / name, model(0))
        fc.load_weights(tmp_path / name, model(1))
    assert (tmp_path / "b.npz").read_bytes()[:2] == b"PK" == (tmp_path / "c").read_bytes()[:2]
    assert (tmp_path / "a.SafeTensors").read_bytes()[8:9] == b"{"


def test_every_layout_and_bit(path):
    special = np.array([0, 1, 2**32 - 1, 2**31 - 1, 2**31], np.uint32).view(np.float32)
    arrays = {
        "special": special,
        "scalar": np.array(2.5),
        "empty": np.zeros((2, 0, 3), np.float32),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(12.0)[::-3],
        "swapped": np.arange(3, dtype=np.dtype(np.float32).newbyteorder()),
        "a/b": np.ones(1),
        "\u00e9\0": np.ones(2),
    }
    saved, loaded = nn.Module(), nn.Module()
    for name, array in arrays.items():
        setattr(saved, name, nn.Parameter(array))
        setattr(loaded, name, nn.Parameter(np.full(array.shape, 9, array.dtype.newbyteorder("="))))
    fc.save_weights(path, saved)
    fc.load_weights(path, loaded)
    for name, array in arrays.items():
        expected = np.array(array, array.dtype.newbyteorder("="), order="C")
        assert getattr(loaded, name).data.tobytes() == expected.tobytes()


def twin(torch):
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 3)
    )


def test_a_file_of_torch_loads_unchanged(path):
    torch = pytest.importorskip("torch")
    safetensors_torch = pytest.importorskip("safetensors.torch")
    theirs, ours = twin(torch), model()
    safetensors_torch.save_file(theirs.state_dict(), path, {"format": "pt"})
    assert fc.load_weights(path, ours) == ([], []) and read_meta(path) == {}
    assert_same(ours.state_dict(), {name: value.numpy() for name, value in theirs.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((4, 1, 4, 4), np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(ours.eval()(x), theirs.eval()(torch.from_numpy(x)).numpy(), rtol=1e-5, atol=1e-6)


def test_torch_loads_our_file(path):
    torch = pytest.importorskip("torch")
    safetensors_torch = pytest.importorskip("safetensors.torch")
    ours, theirs = model(), twin(torch)
    fc.save_weights(path, ours)
    theirs.load_state_dict(safetensors_torch.load_file(path))
    assert_same(ours.state_dict(), {name: value.numpy() for name, value in theirs.state_dict().items()})


def test_half_precision_is_not_taken(path):
    for kind, width in (("F16", 2), ("BF16", 2), ("F8_E4M3", 1)):
        path.write_bytes(of({"weight": entry(dtype=kind, data_offsets=[0, 2 * width])}, bytes(2 * width)))
        with pytest.raises(ValueError, match=f"model.safetensors: .*weight.*({kind}|float16)"):
            fc.load_weights(path, nn.LayerNorm(2, bias=False))


def test_a_model_that_does_not_fit_stays_as_it_is(path):
    fc.save_weights(path, model())
    other = nn.Sequential(nn.Conv2d(1, 2, 5, rng=0))
    before = other.state_dict()
    with pytest.raises(ValueError, match=r"(?s)model.safetensors: .*unexpected '4.weight'.*shape \(2, 1, 3, 3\)"):
        fc.load_weights(path, other)
    assert_same(before, other.state_dict())


def test_every_truncation_is_found(path):
    net = nn.Linear(2, 1, rng=0)
    fc.save_weights(path, net, {"k": 1})
    content, before = path.read_bytes(), net.state_dict()
    for changed in [content[:length] for length in range(len(content))] + [content + b"\0", content * 2]:
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r"model\.safetensors: corrupt"):
            fc.load_weights(path, net)
    assert_same(before, net.state_dict())


BAD = {
    "nothing": b"",
    "text": b"weights: 1 2 3\n" * 10,
    "a zip": b"PK\x03\x04" + bytes(100),
    "a length beyond the file": struct.pack("<Q", 2**40) + b"{}",
    "the largest length": struct.pack("<Q", 2**64 - 1) + b"{}",
    "no JSON": of(b"{"),
    "no object": of([1]),
    "nested": of(b"[" * 100_000),
    "invalid UTF-8": of(b'{"\xff": 1}'),
    "a huge shape": of({"weight": entry(shape=[2**62, 4])}, bytes(8)),
    "a shape of more": of({"weight": entry(shape=[3])}, bytes(8)),
    "a shape of less": of({"weight": entry(shape=[1])}, bytes(8)),
    "a negative size": of({"weight": entry(shape=[-2])}, bytes(8)),
    "offsets beyond the file": of({"weight": entry(data_offsets=[0, 2**40], shape=[2**38])}, bytes(8)),
    "offsets the wrong way": of({"weight": entry(data_offsets=[8, 0])}, bytes(8)),
    "overlapping arrays": of({"a": entry(), "b": entry()}, bytes(8)),
    "a hole": of({"a": entry(), "b": entry(data_offsets=[12, 20])}, bytes(20)),
    "an unknown type": of({"weight": entry(dtype="C64")}, bytes(8)),
    "metadata of numbers": of({"__metadata__": {"fastconv": 1}, "weight": entry()}, bytes(8)),
    "our metadata without JSON": of({"__metadata__": {"fastconv": "{"}, "weight": entry()}, bytes(8)),
    "our metadata without version": of({"__metadata__": {"fastconv": '{"format": "fastconv weights"}'}}),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_files(path, name):
    net = nn.LayerNorm(2, bias=False)
    path.write_bytes(BAD[name])
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"model\.safetensors: corrupt"):
        fc.load_weights(path, net)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    np.testing.assert_array_equal(net.weight.data, 1)


def test_a_newer_version(path):
    text = json.dumps({"format": "fastconv weights", "version": 7})
    path.write_bytes(of({"__metadata__": {"fastconv": text}}))
    with pytest.raises(ValueError, match=r"version 7.*up to version 1"):
        read_meta(path)


@pytest.mark.parametrize("name", ["", "__metadata__", "\ud800"])
def test_names_that_cannot_be_stored(path, name):
    path.write_bytes(b"old")
    bad = nn.Module()
    setattr(bad, name, nn.Parameter(np.zeros(1)))
    with pytest.raises(ValueError, match="name"):
        fc.save_weights(path, bad)
    assert path.read_bytes() == b"old" and os.listdir(path.parent) == [path.name]


def test_what_is_no_file(tmp_path):
    folder = tmp_path / "folder.safetensors"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        fc.load_weights(folder, model())
    with pytest.raises(FileNotFoundError):
        fc.load_weights(tmp_path / "missing.safetensors", model())
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.safetensors")
        with pytest.raises(ValueError, match="not a regular file"):
            fc.load_weights(tmp_path / "pipe.safetensors", model())


def test_without_the_package(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    path.write_bytes(b"")
    with pytest.raises(ImportError, match=r"safetensors: pip install 'fastconv\[io\]'"):
        fc.load_weights(path, model())
