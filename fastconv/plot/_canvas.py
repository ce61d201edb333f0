"""What every picture is drawn on: Axes of the caller or new ones, the colors, and the way into a file."""

import os
from io import BytesIO
from types import ModuleType
from typing import Any, TypeAlias

from fastconv._extras import require
from fastconv._files import Path, atomic_write, file_path
from fastconv._geometry import shown

Axes: TypeAlias = Any
Figure: TypeAlias = Any

FORMATS = ("png", "pdf", "svg")

# Told apart with any color vision, and on white as on black: M. Okabe and K. Ito, Color Universal Design, 2008.
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLORS = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)

DIVERGING = "RdBu_r"
"""Of numbers of both signs, white at 0."""
SEQUENTIAL = "viridis"
"""Of numbers from 0."""


def library(module: str) -> ModuleType:
    """A module of matplotlib, or the error that says how to get it."""
    return require(f"matplotlib.{module}", "fastconv.plot", "plot")


def is_axes(value: Any) -> bool:
    """Whether it is Axes of matplotlib."""
    return isinstance(value, library("axes").Axes)


def check_axes(function: str, ax: Any) -> None:
    """Refuse what is neither Axes nor None, which means new ones."""
    if ax is not None and not is_axes(ax):
        raise TypeError(f"{function}: ax must be matplotlib Axes, got {shown(ax)}")


def axes_or_new(ax: Any, width: float = 6.0, height: float = 4.5) -> Axes:
    """The Axes given, or those of a new figure of pyplot of this size in inches."""
    if ax is not None:
        return ax
    return library("pyplot").subplots(figsize=(width, height), layout="compressed")[1]


def unframed(ax: Axes) -> None:
    """Take away ticks and frame: a picture, not a diagram."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def light(ax: Axes) -> None:
    """A diagram with a light grid and without the frame's upper and right side."""
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def figure(width: float, height: float) -> Figure:
    """A figure of its own, not one of pyplot: it needs no display, and nobody has to close it."""
    return library("figure").Figure(figsize=(width, height), layout="compressed")


def save(function: str, figure: Figure, path: Path) -> None:
    """Write a figure into a file, whole or not at all; its ending says which format.

    Raises
    ------
    ValueError
        The ending is none of `FORMATS`.
    OSError
        The file cannot be written.
    """
    name = file_path(function, path)
    format = os.path.splitext(name)[1][1:].lower()
    if format not in FORMATS:
        raise ValueError(f"{function}: path must end in .png, .pdf or .svg, got {name!r}")
    picture = BytesIO()
    figure.savefig(picture, format=format, dpi=120)
    with atomic_write(path) as file:
        file.write(picture.getvalue())
