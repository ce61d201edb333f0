"""The picture of a comparison: one bar for each row and contestant, how many times as long as the first it takes."""

from collections.abc import Sequence
from typing import Any

from fastconv._extras import require
from fastconv.plot._canvas import FORMATS as FORMATS
from fastconv.plot._canvas import save

from .table import NAMES


def matplotlib() -> Any:
    """The figures of matplotlib, or the error that says how to get it."""
    return require("matplotlib.figure", "fastconv bench --plot", "plot")


def speed_ups(path: Any, lines: Sequence[dict[str, Any]], backends: Sequence[str], facts: dict[str, Any]) -> None:
    """Draw how many times as long as the fastest fastconv backend the others take, on a logarithmic axis."""
    others = [name for name in backends[1:] if any(name in line["times"] for line in lines)]
    figure = matplotlib().Figure(figsize=(9, 1.5 + 0.18 * (len(others) + 1) * len(lines)), layout="constrained")
    axes = figure.subplots()
    places = range(len(lines))
    thickness = 0.8 / len(others)
    for i, name in enumerate(others):
        axes.barh(
            [place + i * thickness for place in places if name in lines[place]["times"]],
            [line["times"][name][1] for line in lines if name in line["times"]],
            thickness,
            label=NAMES[name],
        )
    middle = thickness * (len(others) - 1) / 2
    labels = [f"{line['row']}, {line['direction']}" for line in lines]
    axes.set_yticks([place + middle for place in places], labels)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel(f"times as long as {NAMES[backends[0]]}")
    axes.set_title(f"{facts['cpu']}, {facts['isa'] or 'no extensions'}, threads: {facts['threads']}", fontsize=9)
    axes.legend()
    save("bench", figure, path)
