"""The text of `docs/features.md`."""

import inspect
from dataclasses import dataclass

import torch

from .calls import parameters_of
from .comparison import SECTIONS, Section, points
from .entry import No

VERSION = ".".join(torch.__version__.split(".")[:2])

NAMES = {("cross_entropy", "input"): "logits", ("Sequential", "args"): "modules"}
"""Parameters that have another name here."""

DEFAULTS = {
    ("softmax", "dim"): "the last axis; torch guesses by the number of axes, and warns",
    ("log_softmax", "dim"): "the last axis; torch guesses by the number of axes, and warns",
    ("pad", "value"): "0.0, which `None` means in torch",
    ("ModuleList", "modules"): "`()`, which `None` means in torch",
    ("Upsample", "scale_factor"): "none, as there is no `size`",
    ("SGD", "lr"): "none: it has to be chosen",
}
"""Parameters that have another default here."""

TITLE = """# What of PyTorch is here

Every option of every function and class that PyTorch has too. ✓: called in both libraries with values other than the
default, alone and together with each value of each other option, in float64; results, gradients and states differed by
less than 1e-12 of the largest element (`hardsigmoid`: 1e-7, as torch has a sixth in float32; where numbers are random:
the same distribution). Otherwise: the reason why it is not offered. Arguments have PyTorch's names and order.

PyTorch is {version}. `python -m tests.features` makes this file of the tables in `tests/features/`, after all
comparisons have passed; a test fails if an option of PyTorch is in no table.
"""


@dataclass
class Counts:
    """What the tables hold."""

    functions: int = 0
    options: int = 0
    offered: int = 0
    points: int = 0

    def __str__(self) -> str:
        return (
            f"{self.functions} functions and classes with {self.options} options: {self.offered} ✓, "
            f"{self.options - self.offered} with a reason; {self.points} calls to compare."
        )


def own_parameters(section: Section, name: str) -> list[str]:
    """Names of the parameters here."""
    ours = getattr(section.ours, name)
    if isinstance(ours, type) and ours.__init__ is getattr(section.ours, "Module", object).__init__:
        return []
    return list(inspect.signature(ours).parameters)


def _row(section: Section, name: str, counts: Counts) -> str:
    entry = section.entries[name]
    theirs = parameters_of(name, getattr(section.theirs, name))
    refused = {p: entry.options[p] for p in theirs if isinstance(entry.options.get(p), No)}
    offered = [p for p in theirs if p not in refused]
    counts.functions += 1
    counts.options += len(theirs)
    counts.offered += len(offered)
    counts.points += len(list(points(entry)))
    renamed = {p: NAMES.get((name, p), p) for p in offered}
    ticked = ", ".join(f"`{p}`" if p == own else f"`{p}` (here `{own}`)" for p, own in renamed.items())
    reasons: dict[str, list[str]] = {}
    for p, reason in refused.items():
        reasons.setdefault(reason, []).append(f"`{p}`")
    why = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    own = ", ".join(f"`{p}`" for p in own_parameters(section, name) if p not in renamed.values() and p not in refused)
    return f"| `{name}` | {'✓ ' if ticked else '✓'}{ticked} | {why} | {own} |"


def text() -> tuple[str, Counts]:
    """The whole file, and the counts in it."""
    counts, parts = Counts(), []
    for section in SECTIONS:
        rows = [_row(section, name, counts) for name in section.entries]
        parts.append(
            "\n".join(
                [
                    f"## `{section.title}`\n",
                    "| as in PyTorch | options | not offered, because | also here |",
                    "|---|---|---|---|",
                    *rows,
                ]
            )
        )
        if section.alone:
            whats: dict[str, list[str]] = {}
            for name, what in section.alone.items():
                whats.setdefault(what, []).append(f"`{name}`")
            listed = "; ".join(f"{', '.join(names)} ({what})" for what, names in whats.items())
            parts.append(f"Here only, or not to compare: {listed}.")
    defaults = "\n".join(f"- `{name}`, `{p}`: {what}." for (name, p), what in DEFAULTS.items())
    parts.append(f"## Defaults that differ\n\n`dtype` is float32 where it is not given.\n\n{defaults}")
    return "\n\n".join([f"{TITLE.format(version=VERSION)}\n{counts}", *parts]) + "\n", counts
