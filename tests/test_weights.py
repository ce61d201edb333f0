"""Weights in files: what comes back, and what is refused."""

import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import fastconv as fc
from fastconv import _archive, nn
from fastconv.weights import read_meta


def model(seed=0):
    return nn.Sequential(nn.Conv2d(1, 2, 3, rng=seed), nn.ReLU(), nn.Linear(4, 2, rng=seed))


def assert_same(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].tobytes() == b[name].tobytes() and a[name].dtype == b[name].dtype


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def test_round_trip(path):
    saved, loaded = model(0), model(1)
    fc.save_weights(path, saved, {"a": [1, None, "\u00e9"]})
    assert fc.load_weights(str(path), loaded) == ([], [])
    assert_same(saved, loaded)
    assert read_meta(path) == {"a": [1, None, "\u00e9"]}
    fc.save_weights(os.fsencode(path), saved)
    assert read_meta(path) == {}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_bit_comes_back(path, dtype):
    bits = np.dtype(f"u{np.dtype(dtype).itemsize}")
    top = np.iinfo(bits).max
    special = np.array([0, 1, top, top >> 1, top - 1, (top >> 1) - 5], bits).view(dtype)
    arrays = {
        "special": special,
        "scalar": np.array(2.5, dtype),
        "empty": np.zeros((2, 0, 3), dtype),
        "fortran": np.asfortranarray(np.arange(6, dtype=dtype).reshape(2, 3)),
        "strided": np.arange(12, dtype=dtype)[::-3],
        "swapped": np.arange(3, dtype=dtype).astype(np.dtype(dtype).newbyteorder()),
        "many axes": np.ones((1,) * 32, dtype),
    }
    saved, loaded = nn.Module(), nn.Module()
    for name, array in arrays.items():
        setattr(saved, name, nn.Parameter(array))
        setattr(loaded, name, nn.Parameter(np.full(array.shape, 9, dtype)))
    fc.save_weights(path, saved)
    fc.load_weights(path, loaded)
    assert_same(saved, loaded)


@pytest.mark.parametrize("names", [("a/b", "../x", "/x"), ("A", "a"), ("e\u0301", "\u00e9"), ("n" * 4000,)])
def test_names_are_data(path, names):
    saved, loaded = nn.Module(), nn.Module()
    for i, name in enumerate(names):
        setattr(saved, name, nn.Parameter(np.full(2, i, np.float32)))
        setattr(loaded, name, nn.Parameter(np.full(2, -1, np.float32)))
    fc.save_weights(path, saved)
    fc.load_weights(path, loaded)
    assert_same(saved, loaded)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "n" * 70_000])
def test_names_that_cannot_be_stored(path, name):
    path.write_bytes(b"old")
    bad = nn.Module()
    setattr(bad, name, nn.Parameter(np.zeros(1)))
    with pytest.raises(ValueError, match="name"):
        fc.save_weights(path, bad)
    assert path.read_bytes() == b"old" and os.listdir(path.parent) == [path.name]


def test_numpy_reads_our_files_and_we_read_numpys(path):
    saved, loaded = model(0), model(1)
    fc.save_weights(path, saved)
    with np.load(path, allow_pickle=False) as archive:
        for name, array in saved.state_dict().items():
            np.testing.assert_array_equal(archive[name], array)
    assert zipfile.ZipFile(path).testzip() is None
    np.savez(path, **saved.state_dict())
    fc.load_weights(path, loaded)
    assert_same(saved, loaded)
    assert read_meta(path) == {}
    np.savez_compressed(path, **saved.state_dict())
    with pytest.raises(ValueError, match="compressed"):
        fc.load_weights(path, loaded)


def test_files_are_the_same_for_the_same_weights(path):
    contents = []
    for _ in range(2):
        fc.save_weights(path, model(), {"b": 1, "a": 2})
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_every_truncation_and_every_wrong_bit_is_found(path):
    net = nn.Linear(2, 1, rng=0)
    fc.save_weights(path, net, {"k": 1})
    content = path.read_bytes()
    before = net.state_dict()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"model\.npz: .*corrupt"):
            fc.load_weights(path, net)
    for position in range(len(content)):
        for bit in (1, 128):
            damaged = bytearray(content)
            damaged[position] ^= bit
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"model\.npz: "):
                fc.load_weights(path, net)
    for extra in (content + b"\0", b"\0" + content, content * 2):
        path.write_bytes(extra)
        with pytest.raises(ValueError, match=r"model\.npz: "):
            fc.load_weights(path, net)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


class Canary:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def zip_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def npy_of(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def test_other_files(path, tmp_path):
    canary = tmp_path / "canary"
    objects = npy_of(np.array([Canary(canary)], object), allow_pickle=True)
    contents = {
        "nothing": b"",
        "text": b"weights: 1 2 3\n" * 10,
        "pickle": pickle.dumps(Canary(canary)),
        "npz of objects": zip_of(weight__npy=objects),
        "zip of something else": zip_of(weight__npy=npy_of(np.zeros(2)), data__pkl=pickle.dumps(Canary(canary))),
        "npz of text": zip_of(weight__npy=npy_of(np.array(["a"]))),
        "npz of records": zip_of(weight__npy=npy_of(np.zeros(2, [("a", "f4")]))),
        "other format": zip_of(fastconv__json=b'{"format": "fastconv checkpoint", "version": 1}'),
    }
    for content in contents.values():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"model\.npz: (not a fastconv weights file|corrupt)"):
            fc.load_weights(path, model())
        with pytest.raises(ValueError):
            read_meta(path)
    assert not canary.exists()


def test_a_file_of_torch(path, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="not a fastconv weights file"):
        fc.load_weights(path, model())


def test_what_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        fc.load_weights(tmp_path, model())
    with pytest.raises(FileNotFoundError):
        fc.load_weights(tmp_path / "missing", model())
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        for strange in (tmp_path / "pipe", "/dev/zero"):
            with pytest.raises(ValueError, match="not a fastconv weights file"):
                fc.load_weights(strange, model())


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (2**63,), (0, 2**64), (-1,), (-2, -2), (3,), (1,), ()])
def test_sizes_are_not_believed(path, shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    content = stream.getvalue() + bytes(8)
    with open(path, "wb") as file:
        file.write(zip_of(weight__npy=content))
    tracemalloc.start()
    with pytest.raises(ValueError, match="corrupt"):
        fc.load_weights(path, model())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize("size", [0, 2**31, 2**32 - 2, 2**63, 2**64 - 1])
def test_sizes_of_members_are_not_believed(path, size):
    net = nn.Linear(2, 1)
    fc.save_weights(path, net)
    content = path.read_bytes()
    (entry,) = [e for e in zipfile.ZipFile(path).infolist() if e.filename == "weight.npy"]
    real, claimed = (struct.pack("<2Q", n, n) for n in (entry.file_size, size))
    assert content.count(real) == 2
    path.write_bytes(content.replace(real, claimed))
    tracemalloc.start()
    with pytest.raises(ValueError, match="corrupt"):
        fc.load_weights(path, net)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


BAD_JSON = {
    "NaN": b'{"format": "fastconv weights", "version": 1, "meta": {"a": NaN}}',
    "nested": b"[" * 100_000,
    "spaces": b" " * 2_000_000 + b"{}",
    "invalid UTF-8": b'{"a": "\xff"}',
    "no object": b"[1]",
    "no JSON": b"{",
    "no version": b'{"format": "fastconv weights", "meta": {}}',
    "version of another kind": b'{"format": "fastconv weights", "version": "1", "meta": {}}',
    "meta of another kind": b'{"format": "fastconv weights", "version": 1, "meta": [1]}',
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_the_text_is_not_believed(path, name):
    with open(path, "wb") as file:
        _archive.write(file, "test", {"weight": np.zeros(2)}, BAD_JSON[name])
    with pytest.raises(ValueError, match="corrupt"):
        read_meta(path)


def test_a_newer_version(path):
    with open(path, "wb") as file:
        _archive.write(file, "test", {}, json.dumps({"format": "fastconv weights", "version": 7}).encode())
    with pytest.raises(ValueError, match=r"version 7.*up to version 1"):
        fc.load_weights(path, model())


def test_a_misfit_lists_everything_and_changes_nothing(path):
    fc.save_weights(path, nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Linear(1, 1), c=nn.Linear(1, 1))))
    net = nn.Sequential(OrderedDict(a=nn.Linear(3, 2), b=nn.Linear(1, 1, dtype=np.float64), d=nn.Linear(1, 1)))
    before = net.state_dict()
    with pytest.raises(ValueError) as error:
        fc.load_weights(path, net)
    for text in (str(path), "missing 'd.weight'", "unexpected 'c.bias'", "'a.weight' has shape", "'b.bias' has dtype"):
        assert text in str(error.value)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    part = nn.Sequential(OrderedDict(c=nn.Linear(1, 1)))
    assert fc.load_weights(path, part, strict=False).unexpected_keys == ["a.weight", "a.bias", "b.weight", "b.bias"]


def test_arguments(path):
    for wrong in (None, 3, 1.5, [path]):
        with pytest.raises(TypeError, match="path"):
            fc.save_weights(wrong, model())
        with pytest.raises(TypeError, match="path"):
            fc.load_weights(wrong, model())
    for wrong in (None, {}, "model"):
        with pytest.raises(TypeError, match="model"):
            fc.save_weights(path, wrong)
        with pytest.raises(TypeError, match="model"):
            fc.load_weights(path, wrong)
    for meta in ([1], "a", {"a": object()}, {"a": {1, 2}}, {"a": np.zeros(1)}):
        with pytest.raises(TypeError, match="meta"):
            fc.save_weights(path, model(), meta)
    loop = {}
    loop["a"] = loop
    for meta in ({"a": float("nan")}, loop, {"a": "x" * 2_000_000}):
        with pytest.raises(ValueError, match="meta"):
            fc.save_weights(path, model(), meta)
    assert not path.exists()
