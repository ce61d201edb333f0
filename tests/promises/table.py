"""The table of docs/reliability.md: each run replaces, or adds to, the rows that it measured and leaves the others."""

import datetime
import re
from pathlib import Path

from fastconv import _backend

from .promise import Promise, Tally

HEAD = """\
| promise | what is promised | tried | of | faults injected | lost | measured |
|---|---|---:|---:|---:|---:|---|
"""


def row(promise: Promise, tried: int, faults: int, lost: int, seconds: int, seeds: list[int]) -> str:
    """One measured row."""
    when = f"{datetime.date.today()}, {_backend.ISA}, {seconds:,} s, seed{'s' * (len(seeds) > 1)} {spelled(seeds)}"
    return f"| `{promise.name}` | {promise.text} | {tried:,} | {promise.full:,} | {faults:,} | {lost} | {when} |\n"


def empty_row(promise: Promise) -> str:
    """A row that nothing was measured for yet."""
    return f"| `{promise.name}` | {promise.text} | not yet | {promise.full:,} | | | |\n"


def spelled(seeds: list[int]) -> str:
    """0 1 2 5 as `0-2 5`."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and runs[-1][1] == seed - 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def numbers(line: str) -> tuple[int, int, int, int, list[int]]:
    """What a measured row tells: tried, faults, lost, seconds, seeds."""
    *_, tried, _, faults, lost, when, _ = (cell.strip().replace(",", "") for cell in line.split("|"))
    found = re.search(r" (\d+) s seeds? ([\d -]+)$", when)
    if not found:
        raise ValueError(f"cannot add to this row, which does not tell its seeds: {line}")
    ends = [tuple(map(int, part.split("-"))) for part in found[2].split()]
    return int(tried), int(faults), int(lost), int(found[1]), [i for e in ends for i in range(e[0], e[-1] + 1)]


def write(
    path: str, promises: list[Promise], measured: Promise, tally: Tally, seconds: float, seed: int, add: bool
) -> None:
    """Put a run into the row of `measured`; the file's table lists `promises` in this order.

    With `add`, the row tells the sum of this portion and those before, each of which had a seed of its own.
    """
    text = Path(path).read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    if not rest and not text.endswith(HEAD):
        raise ValueError(f"{path} has no table with the heading\n{HEAD}")
    lines = rest.splitlines(keepends=True)
    length = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    known = {line.split("`")[1]: line for line in lines[:length]}
    new = tally.tried, tally.faults, len(tally.lost), round(seconds), [seed]
    old = known.get(measured.name, empty_row(measured))
    if add and old.split("|")[3].strip() != "not yet":
        *sums, seeds = numbers(old)
        if seed in seeds:
            raise ValueError(f"seed {seed} of {measured.name} is in {path} already")
        new = (*(a + b for a, b in zip(sums, new[:-1], strict=True)), [*seeds, seed])  # type: ignore[assignment]
    known[measured.name] = row(measured, *new)
    rows = [known.get(p.name, empty_row(p)) for p in promises]
    Path(path).write_text(before + HEAD + "".join(rows) + "".join(lines[length:]), encoding="utf-8")
