"""Mutants that no test can kill, with the reason: survivors.txt beside this file.

Each has a paragraph there, `FILE FUNCTION: reason`, and the statement before (-) and after (+), on one line each.
"""

import functools
from pathlib import Path

from .switch import Mutant

Key = tuple[str, str, str, str]


@functools.cache
def reasons() -> dict[Key, str]:
    found = {}
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    for paragraph in text.strip().split("\n\n"):
        head, before, after = paragraph.splitlines()
        place, _, reason = head.partition(": ")
        file, function = place.split()
        found[file, function, before.removeprefix("- "), after.removeprefix("+ ")] = reason
    return found


def reason(mutant: Mutant) -> str | None:
    """Why this mutant may survive, or None."""
    return reasons().get((mutant.statement.file, mutant.statement.function, mutant.before, mutant.after))
