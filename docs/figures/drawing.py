"""What the figures of the documentation are drawn with: sheets, rows of cells, boxes, arrows and notes."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

PIXEL, WEIGHT, SUM, ZERO, PLAIN = "#9ecae1", "#fdbf7e", "#a1d99b", "#eeeeee", "#ffffff"
INK = "#333333"


def sheet(width: float, height: float, scale: float = 0.34) -> Axes:
    """Axes without axes, in units of cells; y grows downwards, as rows do."""
    _, ax = plt.subplots(figsize=(width * scale, height * scale))
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    ax.axis("off")
    ax.figure.subplots_adjust(0, 0, 1, 1)
    return ax


def cells(ax: Axes, x: float, y: float, rows: list, color: str = PIXEL, size: float = 1.0, text: float = 8) -> None:
    """Rows of cells with their texts; a cell may be a pair (text, color), None leaves a gap."""
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell is not None:
                label, fill = cell if isinstance(cell, tuple) else (cell, color)
                left, top = x + j * size, y + i * size
                ax.add_patch(Rectangle((left, top), size, size, facecolor=fill, edgecolor=INK, linewidth=0.6))
                ax.text(left + size / 2, top + size / 2, label, ha="center", va="center", fontsize=text, color=INK)


def box(ax: Axes, x: float, y: float, width: float, height: float, label: str, color: str, text: float = 8) -> None:
    """A box with rounded corners and a text in it."""
    style = "round,pad=0,rounding_size=0.2"
    shape = FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=color, edgecolor=INK, linewidth=0.8)
    ax.add_patch(shape)
    ax.text(x + width / 2, y + height / 2, label, ha="center", va="center", fontsize=text, color=INK)


def frame(ax: Axes, x: float, y: float, width: float, height: float, color: str = "#d62728") -> None:
    """A strong outline around cells."""
    ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=color, linewidth=2))


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one point to another."""
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=INK, linewidth=0.9))


def note(ax: Axes, x: float, y: float, text: str, align: str = "left", size: float = 8) -> None:
    """A text whose middle is at this height."""
    ax.text(x, y, text, ha=align, va="center", fontsize=size, color=INK)
