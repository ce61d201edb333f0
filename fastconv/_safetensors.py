"""A .safetensors file: arrays by name behind a header of JSON, in whose metadata stands what is ours beside them."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _archive
from ._arrays import Array
from ._extras import require
from ._files import open_regular

METADATA_KEY = "fastconv"

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8",
    "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
"""Those of its types that NumPy has."""


def serialized(function: str, arrays: Mapping[str, Array], text: bytes) -> bytes:
    """Arrays, and the JSON text that `_archive.encode` gave, as a file.

    Raises
    ------
    ValueError
        A name cannot be stored: empty, not Unicode, or the one that metadata have.
    """
    for name in arrays:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{function}: name {name[:80]!r} must be Unicode text") from None
        if not name or name == "__metadata__":
            raise ValueError(f"{function}: name {name!r} must not be empty or that of metadata")
    library = require("safetensors.numpy", f"{function} to .safetensors", "io")
    contiguous = {name: np.array(a, a.dtype.newbyteorder("="), order="C") for name, a in arrays.items()}
    return library.save(contiguous, {METADATA_KEY: text.decode()})  # type: ignore[no-any-return]


def read(path: str, kind: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """As `_archive.read`: the arrays of a file, and the dictionary of our metadata, empty where there are none."""
    library = require("safetensors", f"a {kind} that ends in .safetensors", "io")
    try:
        with open_regular(path) as file:
            content = file.read()
    except ValueError as error:
        raise ValueError(f"{path}: not a {kind} of safetensors: not a regular file") from error
    try:
        entries = library.deserialize(content)
        return {name: _array(name, entry) for name, entry in entries}, _info(content)
    except (library.SafetensorError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: corrupt {kind} of safetensors, or another file: {error}") from error


def _array(name: str, entry: Mapping[str, Any]) -> Array:
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"{name[:80]!r} has type {entry['dtype']}, which NumPy does not have")
    array: Array = np.frombuffer(entry["data"], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return array


def _info(content: bytes) -> dict[str, Any]:
    """Our part of the metadata, of a file whose header was found to be in order."""
    length = int.from_bytes(content[:8], "little")
    text = json.loads(content[8 : 8 + length]).get("__metadata__", {}).get(METADATA_KEY)
    return {} if text is None else _archive.decode(text.encode())
