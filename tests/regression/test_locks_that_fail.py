"""A lock, or a look at the locked file, that fails: the temporary file and its descriptor stayed."""

import errno
import os

import pytest

from fastconv import _files
from fastconv._files import atomic_write, check_writable

fcntl = pytest.importorskip("fcntl")


def fail(*args, **kwargs):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def write(path):
    with atomic_write(path) as file:
        file.write(b"new")


@pytest.mark.parametrize("do", [write, check_writable])
@pytest.mark.parametrize(("module", "call"), [(fcntl, "flock"), (_files.os, "fstat")])
def test_nothing_stays(tmp_path, monkeypatch, do, module, call):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    before = descriptors()
    with monkeypatch.context() as patch:
        calls = iter([fail])  # the first one only
        real = getattr(module, call)
        patch.setattr(module, call, lambda *args: next(calls, real)(*args))
        with pytest.raises(OSError) as error:
            do(path)
    assert error.value.errno == errno.ENOLCK and error.value.filename == str(path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]
    assert descriptors() == before
