"""What every layer makes of one image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import integer, shown
from fastconv.nn import Module

from ._arguments import names_of, one_image
from ._canvas import DIVERGING, SEQUENTIAL, Axes, Figure, library, unframed
from ._images import mosaic, visible
from ._layers import LayerOutput, check_model, layer_outputs

# Maps in a row; where they are 1 inch wide, so is the image.
COLUMNS = 8


def feature_maps(
    model: Module,
    image: Any,
    layers: Sequence[str] | None = None,
    max_maps: int = 16,
    *,
    fig: Figure | None = None,
) -> Figure:
    """Draw the output of every layer for one image, from the first layer to the last.

    Every layer has its own range of colors: from 0 where nothing is negative, otherwise the same above and below 0.

    Parameters
    ----------
    model : Module
        Run in eval mode, and left as it was.
    image : array, shape (C, H, W) or (1, C, H, W)
        What the model takes, float32 or float64; uint8 becomes float32 in [0, 1].
    layers : sequence of str, optional
        Names as in ``model.named_modules()``; by default all layers that change numbers (``Flatten`` and ``Dropout`` do
        not, in eval mode).
    max_maps : int
        The first so many channels of a layer are drawn.
    fig : Figure or SubFigure, optional
        It should be empty; by default a new one of pyplot.

    Returns
    -------
    Figure or SubFigure
        With one Axes for the image and one for each layer.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import fastconv as fc
    >>> _, (x_test, y_test) = fc.data.digits(size=32)
    >>> fig = fc.plot.feature_maps(fc.models.lenet5(rng=0), x_test[0], layers=["conv1", "pool1"])
    >>> [ax.get_title(loc="left") for ax in fig.axes]
    ['image 1 × 32 × 32', 'conv1 (Conv2d) 6 × 28 × 28', 'pool1 (MaxPool2d) 6 × 14 × 14']
    """
    check_model("feature_maps", model)
    batch = one_image("feature_maps", image)
    integer("feature_maps", "max_maps", max_maps, 1)
    if fig is not None and not isinstance(fig, library("figure").FigureBase):
        raise TypeError(f"feature_maps: fig must be a matplotlib Figure, got {shown(fig)}")
    outputs = layer_outputs(model, batch)
    chosen = names_of("feature_maps", "layers", layers, list(dict.fromkeys(output.name for output in outputs)))
    outputs = [output for output in outputs if output.name in chosen]
    heights = [1.0, *(layer_height(output, max_maps) for output in outputs)]
    if fig is None:
        size = (COLUMNS + 0.5, sum(heights) + 0.3 * len(heights))
        fig = library("pyplot").figure(figsize=size, layout="constrained")
    first, *others = fig.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    first.imshow(visible(batch[0]), cmap="gray", interpolation="nearest")
    first.set_anchor("W")
    _finish(first, "image " + " × ".join(map(str, batch.shape[1:])))
    for ax, output in zip(others, outputs, strict=True):
        draw_layer(ax, output, max_maps)
    return fig


def layer_height(output: LayerOutput, max_maps: int, columns: int = COLUMNS) -> float:
    """How high the picture of a layer is, where a map is 1 wide."""
    sizes = output.output.shape[1:]
    if len(sizes) != 3:
        return 0.3 if len(sizes) == 1 else 1.0
    maps, height, width = sizes
    return float(-(-min(maps, max_maps) // columns) * height / width)


def draw_layer(ax: Axes, output: LayerOutput, max_maps: int, columns: int = COLUMNS) -> None:
    """Draw maps side by side; a vector as one line, signals as one line for each channel."""
    values = output.output[0]
    colors = colors_of(values)
    title = output.title
    if values.ndim == 3:
        if len(values) > max_maps:
            title += f", the first {max_maps}"
        picture = mosaic(values[:max_maps], columns)
        ax.imshow(picture, interpolation="nearest", **colors)
        ax.set_anchor("W")
    else:
        ax.imshow(np.atleast_2d(values), aspect="auto", interpolation="nearest", **colors)
    _finish(ax, title)


def colors_of(values: Array) -> dict[str, Any]:
    """The colors of numbers: from 0 where none is negative, else as far above 0 as below."""
    finite = values[np.isfinite(values)]
    limit = float(np.abs(finite).max(initial=0)) or 1.0
    if finite.min(initial=0) < 0:
        return {"cmap": DIVERGING, "vmin": -limit, "vmax": limit}
    return {"cmap": SEQUENTIAL, "vmin": 0, "vmax": limit}


def _finish(ax: Axes, title: str) -> None:
    unframed(ax)
    ax.set_title(title, loc="left", fontsize="medium")
