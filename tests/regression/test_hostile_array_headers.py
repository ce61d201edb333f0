"""Headers of arrays in an archive that made `load_weights` raise MemoryError or TypeError."""

import io
import struct
import zipfile

import pytest

import fastconv as fc
from fastconv import nn

HEADERS = {
    "more signs than Python's parser takes": b"-" * 9000 + b"1",
    "more words than Python's parser takes": b"not " * 2400 + b"1",
    "a size that is a bool": b"{'descr': '<f4', 'fortran_order': False, 'shape': (True, 2)}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize(("version", "length"), [(1, "<H"), (2, "<I")])
def test_they_are_refused(tmp_path, header, version, length):
    path = tmp_path / "weights.npz"
    content = b"\x93NUMPY" + bytes([version, 0]) + struct.pack(length, len(header)) + header + bytes(8)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("weight.npy", content)
    path.write_bytes(stream.getvalue())
    with pytest.raises(ValueError, match=r"weights\.npz: corrupt weights file: 'weight.npy'"):
        fc.load_weights(path, nn.LayerNorm(2, bias=False))
