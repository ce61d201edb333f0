"""Pictures as parts of a page: SVG whose texts have the page's color and font, and PNG as data."""

import re
from base64 import b64encode
from collections.abc import Callable
from html import escape
from io import BytesIO, StringIO
from types import ModuleType
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._extras import require
from fastconv.plot._canvas import BLUE, figure

# Stands for the color of the page's text while matplotlib draws: no other color is like it.
INK = "#0b0d0e"
# Colors of matplotlib that the page has for light and for dark.
COLORS = {INK: "currentColor", BLUE.lower(): "var(--blue)"}
SETTINGS = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
    "axes.titlesize": "medium",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 10,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "text.parse_math": False,  # a name may contain dollars
}
# Pixels of a small image become squares of so many, until the image is about this wide.
WIDTH = 480


def matplotlib(module: str = "") -> ModuleType:
    """A module of matplotlib, or the error that says how to get it."""
    return require(f"matplotlib{module}", "fastconv report", "report")


def svg(name: str, title: str, draw: Callable[[Any], object], width: float = 4.2, height: float = 3.1) -> str:
    """What `draw` draws on Axes, as an element of HTML.

    Parameters
    ----------
    name : str
        Different for each picture of a page: it tells their clipping paths apart.
    title : str
        For those who do not see it.
    draw : callable
        Gets Axes.
    width, height : float
        Inches.
    """
    # The style of the page, whatever style the user has. What a picture defines is named by its content and the salt,
    # so that the same picture has the same bytes.
    with matplotlib(".style").context({**SETTINGS, "svg.hashsalt": name}, after_reset=True):
        drawing = figure(width, height)
        draw(drawing.subplots())
        text = StringIO()
        drawing.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    # The page says how large it is. Its texts are texts of the page.
    start = f'<svg viewBox="0 0 {72 * width:g} {72 * height:g}" role="img" aria-label="{escape(title)}">'
    content = re.sub("<metadata>.*?</metadata>", "", text.getvalue(), flags=re.DOTALL)
    content = re.sub('<g id="[^"]*"', "<g", content[content.index("<defs>") :])
    for color, of_page in COLORS.items():
        content = content.replace(color, of_page)
    return start + content


def png(pixels: Array) -> str:
    """An image ``(H, W)`` or with colors ``(H, W, 3 or 4)``, in [0, 1], as an address that holds its data."""
    factor = max(1, WIDTH // pixels.shape[1])
    enlarged = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    data = BytesIO()
    matplotlib(".image").imsave(data, np.clip(enlarged, 0, 1), format="png", cmap="gray", vmin=0, vmax=1)
    return "data:image/png;base64," + b64encode(data.getvalue()).decode()


def colored(values: Array, cmap: str, vmin: float, vmax: float) -> Array:
    """Numbers ``(H, W)`` as colors ``(H, W, 4)``; NaN is transparent."""
    matplotlib()
    map = matplotlib(".cm").ScalarMappable(matplotlib(".colors").Normalize(vmin, vmax), cmap)
    colors: Array = map.to_rgba(np.ma.masked_invalid(values))
    return colors
