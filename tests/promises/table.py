"""The table of docs/reliability.md: each run replaces the rows that it measured and leaves the others."""

import datetime
from pathlib import Path

from fastconv import _backend

from .promise import Promise, Tally

HEAD = """\
| promise | what is promised | tried | of | faults injected | lost | measured |
|---|---|---:|---:|---:|---:|---|
"""


def row(promise: Promise, tally: Tally, seconds: float) -> str:
    """One measured row."""
    when = f"{datetime.date.today()}, {_backend.ISA}, {seconds:.0f} s"
    return (f"| `{promise.name}` | {promise.text} | {tally.tried:,} | {promise.full:,} | {tally.faults:,} "
            f"| {len(tally.lost)} | {when} |\n")


def empty_row(promise: Promise) -> str:
    """A row that nothing was measured for yet."""
    return f"| `{promise.name}` | {promise.text} | not yet | {promise.full:,} | | | |\n"


def write(path: str, promises: list[Promise], measured: Promise, tally: Tally, seconds: float) -> None:
    """Replace the row of `measured` in the file's table, which lists `promises` in this order."""
    text = Path(path).read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    if not rest:
        raise ValueError(f"{path} has no table with the heading\n{HEAD}")
    lines = rest.splitlines(keepends=True)
    length = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    known = {line.split("`")[1]: line for line in lines[:length]}
    known[measured.name] = row(measured, tally, seconds)
    rows = [known.get(p.name, empty_row(p)) for p in promises]
    Path(path).write_text(before + HEAD + "".join(rows) + "".join(lines[length:]), encoding="utf-8")
