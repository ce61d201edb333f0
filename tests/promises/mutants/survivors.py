"""Mutants that no test can kill, with the reason."""

from .switch import Mutant

# (file, function, the statement before and after, on one line): reason
REASONS: dict[tuple[str, str, str, str], str] = {}


def reason(mutant: Mutant) -> str | None:
    """Why this mutant may survive, or None."""
    return REASONS.get((mutant.statement.file, mutant.statement.function, mutant.before, mutant.after))
