"""Files that are no checkpoints, or damaged ones: told as such, and nothing has changed."""

import json
import os
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

import fastconv as fc
from fastconv import _archive, nn, optim
from fastconv.checkpoint.generators import Generators

from .parts import parts, states


class Canary:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_other_files(path, tmp_path):
    canary = tmp_path / "canary"
    contents = [b"", b"text\n" * 9, pickle.dumps(Canary(canary))]
    np.savez(path, a=np.zeros(2))
    contents.append(path.read_bytes())
    np.savez(path, a=np.array([Canary(canary)]), allow_pickle=True)
    contents.append(path.read_bytes())
    fc.save_weights(path, nn.Linear(2, 1))
    contents.append(path.read_bytes())
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"checkpoint\.npz: (not a fastconv checkpoint|corrupt)"):
            fc.load_checkpoint(path)
    with pytest.raises(IsADirectoryError):
        fc.load_checkpoint(tmp_path)
    with pytest.raises(ValueError, match="not a fastconv checkpoint"):
        fc.load_checkpoint("/dev/zero")
    assert not canary.exists()


def rewrite(path, change):
    """Write the file anew with a changed JSON member, in good order otherwise."""
    arrays, info = _archive.read(str(path), "checkpoint")
    with open(path, "wb") as file:
        _archive.write(file, "test", arrays, change(info))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"format": "fastconv checkpoint", "version": 2}', "version 2; this fastconv reads up to version 1"),
        (b'{"format": "fastconv checkpoint", "version": 0}', "corrupt"),
        (b'{"format": "fastconv checkpoint", "version": 1}', "corrupt"),
        (b'{"format": "fastconv checkpoint", "version": 1, "states": [], "classes": {}}', "corrupt"),
        (b'{"format": "fastconv checkpoint", "version": 1, "states": {"a": NaN}, "classes": {}}', "corrupt"),
        (b'{"format": "fastconv checkpoint", "version": 1, "states": {"a": "\\ud800"}, "classes": {}}', "corrupt"),
        (b'{"format": "fastconv weights", "version": 1, "meta": {}}', "not a fastconv checkpoint"),
        (b"[" * 100_000, "corrupt"),
        (b'{"a": "\xff"}', "corrupt"),
        (b" " * 100_000_000, "corrupt"),
    ],
)
def test_the_text_is_not_believed(path, text, says):
    with open(path, "wb") as file:
        _archive.write(file, "test", {}, text)
    with pytest.raises(ValueError, match=says):
        fc.load_checkpoint(path)


def test_arrays_that_nothing_names(path):
    model = nn.Linear(2, 1, rng=0)
    fc.save_checkpoint(path, model)
    rewrite(path, lambda info: json.dumps(info | {"states": {"model": {}, "rng": {}}}).encode())
    with pytest.raises(ValueError, match=r"corrupt checkpoint: it has unknown arrays \['model/weight', 'model/bias'\]"):
        fc.load_checkpoint(path, model)


def test_every_truncation_and_every_wrong_bit_is_found(path):
    model = nn.Sequential(nn.Linear(2, 1, bias=False, rng=0), nn.Dropout(rng=0))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    fc.save_checkpoint(path, model, optimizer, epoch=3)
    content = path.read_bytes()
    before = repr((model.state_dict(), optimizer.state_dict(), Generators(model).state_dict()))
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"checkpoint\.npz: .*corrupt"):
            fc.load_checkpoint(path, model, optimizer)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"checkpoint\.npz: "):
            fc.load_checkpoint(path, model, optimizer)
    assert repr((model.state_dict(), optimizer.state_dict(), Generators(model).state_dict())) == before
    path.write_bytes(content)
    assert fc.load_checkpoint(path, model, optimizer)["epoch"] == 3


def test_memory_is_not_taken_for_sizes_that_a_file_does_not_have(path):
    fc.save_checkpoint(path, nn.Linear(2, 1))
    content = path.read_bytes()
    entry = next(e for e in zipfile.ZipFile(path).infolist() if e.filename == "model/weight.npy")
    for size in (0, len(content) + 1, 2**63, 2**64 - 1):
        real, claimed = (n.to_bytes(8, "little") * 2 for n in (entry.file_size, size))
        path.write_bytes(content.replace(real, claimed))
        tracemalloc.start()
        with pytest.raises(ValueError, match="corrupt"):
            fc.load_checkpoint(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**22


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of zipfile
def test_memory_that_is_refused_anywhere_changes_nothing(path):
    testcapi = pytest.importorskip("_testcapi")
    fc.save_checkpoint(path, *parts(0))
    ours = parts(1)
    before = states(ours)

    def loads_without_allocation(n):
        testcapi.set_nomemory(n, n + 1)
        try:
            fc.load_checkpoint(path, *ours)
        except (MemoryError, ValueError, OSError):  # zipfile and io say some of it in other words
            testcapi.remove_mem_hooks()
            assert states(ours) == before, n
            return False
        finally:
            testcapi.remove_mem_hooks()
        return True

    n = 1
    while not loads_without_allocation(n):
        n += 17
    assert states(ours) == states(parts(0))
    ours = parts(1)
    last = n
    for n in range(last - 60, last):  # where states are loaded
        if loads_without_allocation(n):
            ours = parts(1)
