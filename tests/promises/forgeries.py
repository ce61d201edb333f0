"""Files that no save has written: states of other kinds, headers and archives that lie."""

import copy
import io
import json
import struct
import zipfile
from typing import Any

import numpy as np

from fastconv import _archive

_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**400, -(2**70), 0.0, -0.0, 0.5, -1.5,
    1e308, 5e-324, "", "x", "\0", "\ud800", "PCG64", "Adam", "model/0.weight", [], {}, [0], [[]], ["a", 1], {"": 0},
    {"a": 1},
)  # fmt: skip
_MARKED: tuple[Any, ...] = (
    {"$array": "model/0.weight"}, {"$array": "none"}, {"$scalar": "model/0.weight"}, {"$number": "nan"},
    {"$number": "inf"}, {"$number": 1}, {"$tuple": []}, {"$tuple": [1, 2, 3]}, {"$pairs": []}, {"$pairs": [[1, 2]]},
    {"$pairs": [[True, 1]]}, {"$pairs": [["a"]]}, {"$unknown": 1}, {"$array": "model/0.weight", "b": 1},
)  # fmt: skip

_HEADER_PARTS = (
    "{", "}", "'descr'", ":", "'<f4'", "'>f8'", "'|O'", "'<M8[s]'", "'f4,f4'", "'V9'", "'?'", "'<f2'", "'<g'", ",",
    "('<f4', (2,))", "[('a', '<f4')]", "'fortran_order'", "True", "False", "None", "'shape'", "(", ")", "(2,)",
    "(1, 2)", "()", "(-1,)", "(2.0,)", "(True, 2)", "(0, 18446744073709551616)", "('2',)", "2L", "9" * 30, "-" * 1500,
    "not " * 1800, "[" * 150, "(" * 300, "1" * 4400, "1e999", "1j", "\\N{BULLET}", "'a' 'b'", "b'x'", "f'{1}'",
    "-" * 9000, "# ", "__import__('os').mkdir('forged')", "lambda: 1", "\n", " ", "\0", "\xff",
)  # fmt: skip

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_NAMES = (
    "model/0.weight.npy", "0.weight.npy", "weight.npy", "fastconv.json", "../x.npy", "/x.npy", "x", "x/", "\u00e9.npy",
    "n" * 60_000 + ".npy", ".npy", "a\\b.npy", "x.pkl", "x.npy ",
)  # fmt: skip


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON tree: what it is in, and the key."""
    members = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [(tree, key) for key, _ in members] + [place for _, value in members for place in _places(value)]


def _changed(tree: Any, rng: np.random.Generator) -> Any:
    """A JSON tree with a few changes."""
    tree = copy.deepcopy(tree)
    for _ in range(int(rng.integers(1, 4))):
        places = _places(tree)
        if not places:
            return tree
        inside, key = places[int(rng.integers(len(places)))]
        kind = rng.random()
        if kind < 0.6:
            values = _MARKED if rng.random() < 0.1 else _VALUES
            inside[key] = copy.deepcopy(values[int(rng.integers(len(values)))])
        elif kind < 0.7:
            del inside[key]
        elif kind < 0.8:
            there, name = places[int(rng.integers(len(places)))]
            inside[key] = copy.deepcopy(there[name])
        elif kind < 0.9 and isinstance(inside, dict):
            inside[str(rng.choice(["a", "$array", "$pairs", "state", "0.weight", ""]))] = inside.pop(key)
        elif type(inside[key]) in (int, float):
            inside[key] += int(rng.integers(-2, 3)) * 10 ** int(rng.integers(20))
    return tree


def _text(tree: Any, rng: np.random.Generator) -> bytes:
    """The tree as text, at times one that `json` would not write."""
    text = json.dumps(tree)
    kind = rng.random()
    if kind < 0.02:
        text = text.replace("1", "1" * int(rng.choice([30, 400, 5000])), 1)
    elif kind < 0.04:
        instead = ("NaN", "1e999", "-Infinity", "0x1", "[" * 50_000, '{"a":' * 20_000)
        text = text.replace("0", instead[int(rng.integers(len(instead)))], 1)
    elif kind < 0.05:
        text = text.replace('"', '"\\ud800', 1)
    elif kind < 0.06:
        text = text[:-1] + "," + text[1:]  # every name twice
    return text.encode()


def _header(rng: np.random.Generator) -> bytes:
    """A header of an array, more or less."""
    parts = ["{", "'descr'", ":", "'<f4'", ",", "'fortran_order'", ":", "False", ",", "'shape'", ":", "(2,)", "}"]
    for _ in range(int(rng.integers(0, 4))):
        place, part = int(rng.integers(len(parts))), _HEADER_PARTS[int(rng.integers(len(_HEADER_PARTS)))]
        parts[place : place + int(rng.integers(0, 3))] = [part]
    return " ".join(parts).encode("latin-1")


def array_member(rng: np.random.Generator) -> bytes:
    """A member that may be an array."""
    header, version = _header(rng), int(rng.choice([1, 1, 1, 2, 2, 3, 0, 255]))
    length = len(header)
    if rng.random() < 0.1:
        length = int(rng.choice([0, 1, length - 1, length + 9, 2**16 - 1, 2**32 - 1]))
    size = struct.pack("<H", length % 2**16) if version == 1 else struct.pack("<I", length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + bytes(int(rng.choice([0, 4, 8, 16, 1000])))


def archive_of(members: dict[str, bytes], rng: np.random.Generator) -> bytes:
    """A zip file by Python's own writer, with its members changed, packed, doubled or joined by others."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            kind = rng.random()
            if kind < 0.1:
                continue
            if kind < 0.3 and name.endswith(".npy"):
                content = array_member(rng)
            elif kind < 0.32:
                content = bytes(3_000_000)  # small when it is packed
            packed = rng.random() < 0.05 or len(content) > 2**20
            archive.writestr(name, content, _METHODS[int(rng.integers(4))] if packed else zipfile.ZIP_STORED)
        if rng.random() < 0.3:
            name = _NAMES[int(rng.integers(len(_NAMES)))]
            if name not in archive.namelist():
                archive.writestr(name, array_member(rng), _METHODS[int(rng.integers(2))])
        archive.comment = rng.bytes(5) if rng.random() < 0.1 else b""
    whole = stream.getvalue()
    if rng.random() < 0.1:
        whole = whole.replace(*_name_pair(members, rng))
    return (rng.bytes(9) + whole) if rng.random() < 0.05 else whole


def _name_pair(members: dict[str, bytes], rng: np.random.Generator) -> tuple[bytes, bytes]:
    """A name and another one of the same length, so that a member is there twice."""
    names = [name.encode() for name in members]
    one = names[int(rng.integers(len(names)))]
    same = [name for name in names if len(name) == len(one)]
    return one, same[int(rng.integers(len(same)))]


def forged(arrays: dict[str, Any], info: dict[str, Any], rng: np.random.Generator) -> bytes:
    """A file that began as one with these contents."""
    if rng.random() < 0.7:
        file = io.BytesIO()
        _archive.write(file, "forgery", arrays, _text(_changed(info, rng), rng))
        return file.getvalue()
    members = {_archive.JSON_MEMBER: json.dumps(info).encode()}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array)
        members[f"{name}.npy"] = stream.getvalue()
    return archive_of(members, rng)
