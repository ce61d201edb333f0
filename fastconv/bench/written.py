"""The report as data: one row for each backend of each line of the table, and its JSON file."""

import os
from collections.abc import Sequence
from typing import Any

from fastconv._files import atomic_write, file_path


def check(argument: str, path: Any, endings: Sequence[str]) -> None:
    """Refuse a file that could not be written, before minutes are spent on what it should hold."""
    if path is None:
        return
    name = file_path("bench", path)
    if argument == "plot" and os.path.splitext(name)[1][1:].lower() not in endings:
        raise ValueError(f"bench: plot must end in .{', .'.join(endings[:-1])} or .{endings[-1]}, got {name!r}")
    folder = os.path.dirname(name) or "."
    if os.path.isdir(name):
        raise IsADirectoryError(f"{name}: is a directory")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{folder}: no such directory")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder}: cannot be written")


def rows(suite: str, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One dict for each time that was measured."""
    return [
        {
            "suite": suite,
            "row": line["row"],
            "direction": line["direction"],
            "backend": backend,
            "ms": ms,
            "gflops": line["flops"] and line["flops"] / ms / 1e6,
            "peak": line["peak"],
            "copies": line["copies"] and line["copies"] * ratio,
            "ratio": ratio,
        }
        for line in lines
        for backend, (ms, ratio) in line["times"].items()
    ]


def json_file(path: Any, report: dict[str, Any]) -> None:
    """Write the report."""
    import json

    with atomic_write(path) as file:
        file.write(json.dumps(report, indent=1).encode() + b"\n")
