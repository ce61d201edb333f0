"""An .npz file: a zip of stored members, arrays as .npy, and one JSON member.

What `write` makes leaves no byte open: every header follows from names, sizes and checksums. `read` therefore finds
any damage, by checksum in the contents and by comparison everywhere else. It also takes plain archives of
``numpy.savez``, for which only the contents are checked. It unpickles nothing, unpacks nothing and believes no size
that the file does not have.
"""

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ._arrays import Array
from ._files import open_regular
from ._geometry import shown

JSON_MEMBER = "fastconv.json"
_LARGEST_JSON = 2**20
_LONGEST_HEADER = 2000  # of an array of numbers it is shorter; Python's parser may report MemoryError for a longer one
_MAGIC = b"PK\x03\x04"

# Sizes are always given in the 64-bit fields, so that files of all sizes look alike.
_IN_EXTRA = 0xFFFFFFFF
_VERSION, _UTF8, _DATE = 45, 0x800, 0x21
_LOCAL = struct.Struct("<4s5H3L2H 2H2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_CENTRAL_EXTRA = struct.Struct("<2H3Q")
_END = struct.Struct("<4sQ2H2L4Q 4sLQL 4s4H2LH")


class _Member(NamedTuple):
    name: bytes
    size: int
    crc: int
    offset: int


def _local_header(member: _Member) -> bytes:
    name, size, crc, _ = member
    fixed = _LOCAL.pack(
        _MAGIC, _VERSION, _UTF8, 0, 0, _DATE, crc, _IN_EXTRA, _IN_EXTRA, len(name), 20, 1, 16, size, size
    )
    return fixed[:30] + name + fixed[30:]


def _directory(members: list[_Member], start: int) -> bytes:
    """Everything after the contents."""
    entries = b"".join(
        _CENTRAL.pack(
            b"PK\x01\x02", _VERSION | 3 << 8, _VERSION, _UTF8, 0, 0, _DATE, crc, _IN_EXTRA, _IN_EXTRA, len(name),
            28, 0, 0, 0, 0o644 << 16, _IN_EXTRA,
        )
        + name
        + _CENTRAL_EXTRA.pack(1, 24, size, size, offset)
        for name, size, crc, offset in members
    )  # fmt: skip
    count, length = len(members), len(entries)
    return entries + _END.pack(
        b"PK\x06\x06", 44, _VERSION, _VERSION, 0, 0, count, count, length, start,
        b"PK\x06\x07", 0, start + length, 1,
        b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, _IN_EXTRA, _IN_EXTRA, 0,
    )  # fmt: skip


def _contents(arrays: Mapping[str, Array], text: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Names and contents, the JSON member first."""
    yield JSON_MEMBER, [text]
    for name, array in arrays.items():
        values = np.asarray(array, array.dtype.newbyteorder("="), order="C")
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(values))
        yield f"{name}.npy", [header.getvalue(), values.reshape(-1).view(np.uint8).data]


def encode(function: str, argument: str, info: Mapping[str, Any]) -> bytes:
    """The JSON text of a dictionary; TypeError or ValueError if it has no such text."""
    try:
        text = json.dumps(info, allow_nan=False).encode()
    except TypeError as error:
        raise TypeError(f"{function}: {argument} must hold JSON values only: {error}") from error
    except (ValueError, RecursionError) as error:  # not finite, circular, or nested too deeply
        raise ValueError(f"{function}: {argument} must hold JSON values only: {error}") from error
    if len(text) > _LARGEST_JSON:
        raise ValueError(f"{function}: {argument} must have at most {_LARGEST_JSON} bytes of JSON, got {len(text)}")
    return text


def write(file: BinaryIO, function: str, arrays: Mapping[str, Array], text: bytes) -> None:
    """Write arrays of any float, integer or bool dtype, and the JSON text that `encode` gave.

    Raises
    ------
    ValueError
        A name cannot be stored: empty, with a null character, not Unicode, or too long.
    """
    for name in arrays:
        if not name or "\0" in name or len(name.encode(errors="replace")) > 60_000:
            raise ValueError(f"{function}: name {name[:80]!r} must be 1 to 60000 bytes long and have no null character")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{function}: name {name[:80]!r} must be Unicode text") from None
    members: list[_Member] = []
    offset = 0
    for name, chunks in _contents(arrays, text):
        size, crc = 0, 0
        for chunk in chunks:
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
        member = _Member(name.encode(), size, crc, offset)
        members.append(member)
        header = _local_header(member)
        for chunk in (header, *chunks):
            file.write(chunk)
        offset += len(header) + size
    file.write(_directory(members, offset))


def read(path: str, kind: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays of a file, and the dictionary of its JSON member, empty for an archive of ``numpy.savez``.

    Parameters
    ----------
    path : str
    kind : str
        What the file should be, for error texts: "weights file".

    Raises
    ------
    OSError
        The file cannot be opened or read.
    ValueError
        It is something else, or damaged.
    """
    try:
        file = open_regular(path)
    except ValueError as error:
        raise ValueError(f"{path}: not a fastconv {kind}: not a regular file") from error
    with file:
        start = file.read(4)
        if start != _MAGIC:
            if start and _MAGIC.startswith(start):
                raise ValueError(f"{path}: corrupt {kind}: it ends after {len(start)} bytes")
            raise ValueError(f"{path}: not a fastconv {kind}" + ("" if start else ", or a corrupt one: it is empty"))
        try:
            return _read(file)
        except _Foreign as error:
            raise ValueError(f"{path}: not a fastconv {kind}: {error}") from error
        except (zipfile.BadZipFile, ValueError, EOFError, OverflowError, RuntimeError, struct.error) as error:
            # What the zip module raises on damage depends on where it is.
            raise ValueError(f"{path}: corrupt {kind}: {error}") from error


def read_as(path: str, kind: str, format: str, version: int) -> tuple[dict[str, Array], dict[str, Any]]:
    """`read` a file whose JSON member, if it has one, says that it has this format, in a version up to this one.

    Raises
    ------
    OSError, ValueError
        As `read`, or it says something else.
    """
    arrays, info = read(path, kind)
    check_format(info, path, kind, format, version)
    return arrays, info


def check_format(info: Mapping[str, Any], path: str, kind: str, format: str, version: int) -> None:
    """Raise ValueError if what stands beside the arrays of a file, if anything does, tells of another format."""
    if not info:
        return
    theirs = info.get("version")
    if info.get("format") != format:
        raise ValueError(f"{path}: not a fastconv {kind}: its format is {shown(info.get('format'))}")
    if type(theirs) is not int or theirs < 1:
        raise ValueError(f"{path}: corrupt {kind}: its version is {shown(theirs)}")
    if theirs > version:
        raise ValueError(f"{path}: {kind} of version {theirs}; this fastconv reads up to version {version}")


class _Foreign(Exception):
    """The file is in order, but not ours."""


def _read(file: BinaryIO) -> tuple[dict[str, Array], dict[str, Any]]:
    length = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            raise ValueError("two members have the same name")
        if any(entry.flag_bits & 1 for entry in entries):
            raise _Foreign("it is encrypted")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _Foreign("its members are compressed")
        if sum(max(entry.file_size, entry.compress_size) for entry in entries) > length:
            raise ValueError("its members claim to be larger than the file")
        if not all(0 <= entry.header_offset < length for entry in entries):
            raise ValueError("a member claims to lie outside the file")
        strange = [name for name in names if name != JSON_MEMBER and not name.endswith(".npy")]
        if strange:
            raise _Foreign(f"it has a member {strange[0][:80]!r}")
        contents = {entry.filename: archive.read(entry) for entry in entries}
        if JSON_MEMBER in contents:
            _check_headers(file, entries)
    info = decode(contents.pop(JSON_MEMBER)) if JSON_MEMBER in contents else {}
    return {name.removesuffix(".npy"): _array(name, content) for name, content in contents.items()}, info


def _check_headers(file: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
    """Compare every byte outside the contents with what `write` would have written."""
    members: list[_Member] = []
    offset = 0
    for entry in entries:
        member = _Member(entry.filename.encode(), entry.file_size, entry.CRC, offset)
        members.append(member)
        header = _local_header(member)
        file.seek(offset)
        if file.read(len(header)) != header:
            raise ValueError("a header is damaged")
        offset += len(header) + entry.file_size
    file.seek(offset)
    directory = _directory(members, offset)
    if file.read(len(directory) + 1) != directory:
        raise ValueError("the directory is damaged")


def decode(content: bytes) -> dict[str, Any]:
    """The dictionary of a JSON text that is not trusted; ValueError if it has none."""
    if len(content) > _LARGEST_JSON:
        raise ValueError(f"{JSON_MEMBER} has {len(content)} bytes")
    try:
        value = json.loads(content.decode(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError(f"{JSON_MEMBER} is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"{JSON_MEMBER} is not an object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{JSON_MEMBER} has the number {constant}")


def _array(name: str, content: bytes) -> Array:
    """The array of a .npy member: a read-only view of its bytes."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream, _LONGEST_HEADER)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream, _LONGEST_HEADER)
        else:
            raise ValueError(f"format {version}")
    except MemoryError:
        raise
    except Exception as error:  # the parser of the header does not say what it may raise
        raise ValueError(f"{name[:80]!r} is not an array: {error}") from error
    if dtype.kind not in "fiub" or dtype.names is not None or dtype.shape:
        raise _Foreign(f"{name[:80]!r} has dtype {dtype}")
    count = math.prod(shape) if all(type(size) is int for size in shape) else -1
    if count < 0 or count * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{name[:80]!r} has not the size that its header claims")
    flat = np.frombuffer(content, dtype, count, stream.tell()) if count else np.empty(0, dtype)
    array: Array = flat.reshape(shape, order="F" if fortran else "C")
    return array
