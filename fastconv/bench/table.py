"""The table that `fastconv bench` prints."""

from collections.abc import Sequence
from typing import Any

NAMES = {"cython": "Cython", "numpy": "NumPy", "python": "Python", "torch": "torch"}


def header(facts: dict[str, Any]) -> str:
    """Machine and versions."""
    torch = f", torch {facts['torch']}" if "torch" in facts else ""
    return (
        f"{facts['cpu']}, instruction set {facts['isa'] or 'none: no extensions'}, "
        f"threads: {facts['threads']}, {facts['dtype']}\n"
        f"fastconv {facts['fastconv']}, Python {facts['python']}, NumPy {facts['numpy']}{torch}"
    )


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


class Columns:
    """The columns for some backends, the fastest first: times, speed-ups of the first over each, and the rest."""

    def __init__(self, backends: Sequence[str], torch: bool) -> None:
        self.first = backends[0]
        self.timed = [*reversed(backends), *(["torch"] if torch else [])]
        self.slower = [name for name in self.timed if name != self.first]

    def titles(self) -> str:
        """The line above the numbers."""
        times = [f"{NAMES[name]} ms" for name in self.timed]
        speed_ups = [f"x {NAMES[name]}" for name in self.slower]
        return self._line("layer, batch first", "direction", times, [*speed_ups, "GFLOP/s", "diff."])

    def line(self, measured: dict[str, Any]) -> str:
        """One row."""
        times = [number(measured["times"][name][0]) for name in self.timed]
        speed_ups = [number(measured["times"][name][1]) for name in self.slower]
        flops, ms = measured["flops"], measured["times"][self.first][0]
        rate = number(flops / ms / 1e6) if flops else "-"
        name_and_shape = " ".join(measured["row"].split()[:2])
        return self._line(
            name_and_shape, measured["direction"], times, [*speed_ups, rate, f"{measured['difference']:.0e}"]
        )

    @staticmethod
    def _line(row: str, direction: str, times: Sequence[str], rest: Sequence[str]) -> str:
        return " ".join([f"{row:23} {direction:11}", *(f"{cell:>9}" for cell in [*times, *rest])])


def footer(backends: Sequence[str]) -> str:
    """What the columns mean."""
    first = NAMES[backends[0]]
    return (
        f"\nx: how many times as long as {first} the other takes (median over rounds in which they took turns).\n"
        f"GFLOP/s: of {first}. diff.: the largest difference between any two results, relative to the largest value."
    )
