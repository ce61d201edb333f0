"""Replacing a file: the old content or the new, and nothing beside it."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from threading import Thread

import pytest

from fastconv import _files
from fastconv._files import atomic_write, open_regular

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def write(path, content):
    with atomic_write(path) as file:
        file.write(content)


def test_creates_and_replaces(tmp_path):
    path = tmp_path / "x.npz"
    for content in (b"old", b"new content", b""):
        write(path, content)
        assert path.read_bytes() == content and os.listdir(tmp_path) == ["x.npz"]


def test_a_reader_of_the_old_file_keeps_it(tmp_path):
    path = tmp_path / "x"
    write(path, b"old")
    with open(path, "rb") as file:
        write(path, b"new")
        assert file.read() == b"old"


@posix
def test_modes(tmp_path):
    path = tmp_path / "x"
    before = os.umask(0o027)
    try:
        write(path, b"1")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        write(path, b"2")
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


@posix
@pytest.mark.parametrize("name", [b"n" * 255, b"a b\nc", b"-x", b"\xff\xfe", "\u00e9".encode()])
def test_names(tmp_path, name):
    path = os.path.join(os.fsencode(tmp_path), name)
    for given in (path, os.fsdecode(path)):
        write(given, b"1")
        assert os.listdir(os.fsencode(tmp_path)) == [name]


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "data").mkdir()
    target, link = tmp_path / "data" / "x", tmp_path / "link"
    link.symlink_to(target)
    for content in (b"1", b"2"):
        write(link, content)
        assert link.is_symlink() and target.read_bytes() == content
    assert os.listdir(tmp_path / "data") == ["x"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError(errno.ENOSPC, "full"), SystemExit])
def test_an_error_in_the_block(tmp_path, error):
    path = tmp_path / "x"
    write(path, b"old")
    with pytest.raises(error if isinstance(error, type) else OSError), atomic_write(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


@posix
@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod", "dup", "open"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_an_error_of_the_system_names_the_file(tmp_path, monkeypatch, call, code):
    path = tmp_path / "x"
    write(path, b"old")

    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(_files.os, call, fail)
        with pytest.raises(OSError) as error:
            write(path, b"new")
    assert error.value.errno == code and error.value.filename == str(path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


@posix
def test_a_file_that_may_not_grow(tmp_path):
    import resource

    path = tmp_path / "x"
    write(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError) as error:
            write(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.value.errno == errno.EFBIG and error.value.filename == str(path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


def test_impossible_places(tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for name, kind in [("directory", IsADirectoryError), ("missing/x", FileNotFoundError), ("file/x", OSError)]:
        with pytest.raises(kind) as error:
            write(tmp_path / name, b"1")
        assert error.value.filename == str(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["directory", "file"]


@posix
def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="regular"):
        write(pipe, b"1")
    with pytest.raises(ValueError, match="pipe: not a regular file"):
        open_regular(str(pipe))
    with pytest.raises(ValueError, match="regular"):
        open_regular("/dev/zero")
    with pytest.raises(IsADirectoryError):
        open_regular(str(tmp_path))
    assert stat.S_ISFIFO(pipe.stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


WRITER = """
import sys
from fastconv._files import atomic_write
path, number = sys.argv[1], 0
while True:
    number += 1
    with atomic_write(path) as file:
        file.write(b"%d " % number * 20000)
    if number == 1:
        print("ready", flush=True)
"""


@posix
def test_a_killed_writer_leaves_a_whole_file_and_one_temporary_at_most(tmp_path):
    path = tmp_path / "x"
    for round in range(4):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.02 + 0.013 * round)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        numbers = path.read_bytes().split()
        assert len(numbers) == 20000 and len(set(numbers)) == 1
        assert len(os.listdir(tmp_path)) <= 2
    write(path, b"end")
    assert os.listdir(tmp_path) == ["x"]


@posix
def test_a_temporary_of_the_dead_is_removed_and_one_of_the_living_is_not(tmp_path):
    path = tmp_path / "x"
    with atomic_write(path) as outer:
        outer.write(b"outer")
        (own,) = os.listdir(tmp_path)
        write(path, b"inner")
        assert path.read_bytes() == b"inner" and sorted(os.listdir(tmp_path)) == sorted([own, "x"])
    assert path.read_bytes() == b"outer"
    (tmp_path / own).write_bytes(b"left by the dead")
    write(path, b"new")
    assert os.listdir(tmp_path) == ["x"]


def test_many_writers_and_a_reader(tmp_path):
    path = tmp_path / "x"
    write(path, b"0" * 5000)
    errors = []

    def work(digit):
        try:
            for _ in range(20):
                write(path, digit * 5000)
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=work, args=(b"%d" % i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        content = path.read_bytes()
        assert len(content) == 5000 and len(set(content)) == 1
    for thread in threads:
        thread.join()
    assert not errors and os.listdir(tmp_path) == ["x"]
