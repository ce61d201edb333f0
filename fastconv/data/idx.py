"""Files in the IDX format, in which MNIST and its relatives are published.

An IDX file of bytes is: two zero bytes, the type code 8 (unsigned byte), the number of dimensions, each
dimension as a big-endian 32-bit integer, and then exactly as many bytes as the dimensions multiply to.
"""

import gzip
import math
import os
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .._files import file_path, open_regular

UNSIGNED_BYTE = 8
MOST_DIMENSIONS = 4
# Deflate cannot shrink data by more than this factor: a claim beyond it is false, whatever the file holds.
LARGEST_DEFLATE_RATIO = 1032
CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or compressed with gzip.

    Compression is recognised by content, not by name. Nothing is allocated on the word of the header: a
    plain file must have exactly the claimed size, a compressed one is unpacked in pieces, up to that size.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    ndarray of uint8, with the shape that the header states

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is not an IDX file of unsigned bytes, its header does not match its content, or it is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = os.path.join(folder, "labels")
    ...     with open(name, "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(name)
    array([7, 2, 1], dtype=uint8)
    """
    name = file_path("read_idx", path)
    with open_regular(name) as file:
        stored = os.fstat(file.fileno()).st_size
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            return _read(file, name, stored)
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(stream, name, stored * LARGEST_DEFLATE_RATIO)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ValueError(f"{name}: damaged gzip file ({error})") from None


def _read(file: IO[bytes] | gzip.GzipFile, name: str, most_bytes: int) -> NDArray[np.uint8]:
    """Read header and data from `file`, which cannot hold more than `most_bytes`."""
    magic = file.read(4)
    if len(magic) < 4:
        raise ValueError(f"{name}: not an IDX file, it has only {len(magic)} bytes")
    if magic[:2] != b"\0\0" or not 1 <= magic[3] <= MOST_DIMENSIONS:
        raise ValueError(f"{name}: not an IDX file, it starts with bytes {magic.hex(' ')}")
    if magic[2] != UNSIGNED_BYTE:
        raise ValueError(f"{name}: IDX type code {magic[2]:#04x} is not supported, only 0x08 (unsigned byte)")
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise ValueError(f"{name}: the file ends inside the IDX header")
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(0, len(header), 4))
    claimed = math.prod(shape)
    claim = f"the header claims {' x '.join(map(str, shape))} = {claimed} bytes"
    if claimed > most_bytes:
        raise ValueError(f"{name}: {claim}, more than the file can hold")
    data = bytearray()
    while len(data) <= claimed:
        piece = file.read(min(CHUNK, claimed + 1 - len(data)))
        if not piece:
            break
        data += piece
    if len(data) != claimed:
        found = "more" if len(data) > claimed else f"only {len(data)}"
        raise ValueError(f"{name}: {claim}, the file has {found}")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)
