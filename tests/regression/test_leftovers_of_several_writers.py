"""Temporary files of writers that were killed at the same time: the second one's was never removed."""

import os

import pytest

from fastconv._files import atomic_write

pytest.importorskip("fcntl")


def test_the_next_writer_removes_all(tmp_path):
    path = tmp_path / "x"
    with atomic_write(path), atomic_write(path), atomic_write(path):
        names = set(os.listdir(tmp_path))
    assert len(names) == 3
    for left in (names, sorted(names)[1:], sorted(names)[2:]):
        for name in left:
            (tmp_path / name).write_bytes(b"left by the dead")
        with atomic_write(path) as file:
            file.write(b"new")
        assert os.listdir(tmp_path) == ["x"]
