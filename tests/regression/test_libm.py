"""Modules that call exp() or pow() were not linked with libm: they relied on Python's being there already."""

import sys
from pathlib import Path

import pytest

import fastconv

BUILT = sorted(Path(fastconv.__file__).parent.glob("_kernels/*/*/*.so"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is part of the C library")
@pytest.mark.parametrize("module", ["loss", "optim"])
def test_needs_libm(module: str) -> None:
    paths = [path for path in BUILT if path.name.startswith(f"{module}.")]
    if not paths:
        pytest.skip("no compiled kernels")
    assert [path for path in paths if b"libm.so" not in path.read_bytes()] == []
