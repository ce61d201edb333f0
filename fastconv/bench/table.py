"""The table that `fastconv bench` prints."""

from collections.abc import Sequence
from math import exp, log
from typing import Any

NAMES = {
    "cython": "Cython",
    "numpy": "NumPy",
    "python": "Python",
    "serial": "serial",
    "torch": "torch",
    "onnxruntime": "onnxrt",
}


def header(facts: dict[str, Any]) -> str:
    """Machine and versions."""
    others = "".join(f", {name} {facts[name]}" for name in ("torch", "onnxruntime") if name in facts)
    return (
        f"{facts['cpu']}, instruction set {facts['isa'] or 'none: no extensions'}, "
        f"threads: {facts['threads']}\n"
        f"fastconv {facts['fastconv']}, Python {facts['python']}, NumPy {facts['numpy']}{others}"
    )


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


class Columns:
    """The columns for some contestants, the fastest backend first: times, how many times as long, and the rest."""

    def __init__(self, names: Sequence[str]) -> None:
        self.first = names[0]
        others = [name for name in names if name in ("torch", "onnxruntime")]
        self.timed = [*(name for name in reversed(names) if name not in others), *others]
        self.slower = [name for name in self.timed if name != self.first]

    def titles(self) -> str:
        """The line above the numbers."""
        times = [f"{NAMES[name]} ms" for name in self.timed]
        speed_ups = [f"x {NAMES[name]}" for name in self.slower]
        rest = [*speed_ups, "GFLOP/s", "of peak", "copies", "diff."]
        return self._line("layer, batch first", "direction", times, rest)

    def line(self, measured: dict[str, Any]) -> str:
        """One row."""
        measured_times = measured["times"]  # without those that sit out
        times = [number(measured_times[name][0]) if name in measured_times else "-" for name in self.timed]
        speed_ups = [number(measured_times[name][1]) if name in measured_times else "-" for name in self.slower]
        flops, ms, peak = measured["flops"], measured["times"][self.first][0], measured["peak"]
        rate = number(flops / ms / 1e6) if flops else "-"
        share = f"{flops / ms / 1e6 / peak:.0%}" if flops and peak else "-"
        name_and_shape = " ".join(measured["row"].split()[:2])
        copies = number(measured["copies"]) if measured["copies"] else "-"
        rest = [*speed_ups, rate, share, copies, f"{measured['difference']:.0e}"]
        return self._line(name_and_shape, measured["direction"], times, rest)

    @staticmethod
    def _line(row: str, direction: str, times: Sequence[str], rest: Sequence[str]) -> str:
        return " ".join([f"{row:24} {direction:11}", *(f"{cell:>9}" for cell in [*times, *rest])])


def footer(names: Sequence[str], lines: Sequence[dict[str, Any]]) -> str:
    """What the columns mean, and what the rows come to."""
    first = NAMES[names[0]]
    text = (
        f"\nx: how many times as long as {first} the other takes (median over rounds in which they took turns).\n"
        f"GFLOP/s and its share of the peak: of {first}; the peak is a tile that never leaves the nearest cache.\n"
        f"copies: of {first}, its time in copies of the input by NumPy, where memory is the work.\n"
        "diff.: the largest difference between any two results, relative to the largest value."
    )
    for name in names[1:]:
        ratios = {
            f"{line['row'].split()[0]} {line['direction']}": line["times"][name][1]
            for line in lines
            if name in line["times"]
        }
        mean = exp(sum(map(log, ratios.values())) / len(ratios))
        lost = [f"{row} {ratio:.2f}" for row, ratio in ratios.items() if ratio < 1]
        text += (
            f"\nx {NAMES[name]}: geometric mean {number(mean)}, smallest {number(min(ratios.values()))}; "
            f"under 1: {', '.join(lost) or 'none'}"
        )
    return text
