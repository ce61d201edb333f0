"""The file of a checkpoint: states of parts by name."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import _archive
from .._files import atomic_write
from .parts import Parts, classes
from .tree import flatten, restore

FORMAT = "fastconv checkpoint"
VERSION = 1


class Contents(NamedTuple):
    """What is in a file: states by name, and the classes of some of the parts that they are of."""

    states: dict[str, Any]
    classes: dict[str, Any]


def write(path: str, function: str, parts: Parts, extra: Mapping[str, Any]) -> None:
    """Write the states of `parts` and the values of `extra`, all or nothing.

    Raises
    ------
    TypeError, ValueError
        A value cannot be stored; the text starts with `function`. The old file is untouched.
    OSError
        The file cannot be written. The old file is untouched.
    """
    values, arrays = flatten(function, {name: part.state_dict() for name, part in parts.items()} | dict(extra))
    info = {"format": FORMAT, "version": VERSION, "classes": classes(parts), "states": values}
    text = _archive.encode(function, "what is saved", info)
    with atomic_write(path) as file:
        _archive.write(file, function, arrays, text)


def read(path: str) -> Contents:
    """What `write` wrote; arrays are read-only.

    Raises
    ------
    ValueError
        The file is something else, damaged, or of a newer version; the text starts with the path.
    OSError
        The file cannot be read.
    """
    arrays, info = _archive.read_as(path, "checkpoint", FORMAT, VERSION)
    if not info:
        raise ValueError(f"{path}: not a fastconv checkpoint: it has no {_archive.JSON_MEMBER}")
    states, kinds = info.get("states"), info.get("classes")
    if not isinstance(states, dict) or not isinstance(kinds, dict):
        raise ValueError(f"{path}: corrupt checkpoint: it has no states")
    try:
        return Contents(restore(states, arrays), kinds)
    except ValueError as error:
        raise ValueError(f"{path}: corrupt checkpoint: {error}") from error
