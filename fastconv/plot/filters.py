"""The filters of a convolution."""

from typing import Any

import numpy as np

from fastconv._arrays import Array, real
from fastconv._geometry import integer
from fastconv.nn import ConvTranspose1d, ConvTranspose2d, Module

from ._canvas import DIVERGING, Axes, axes_or_new, check_axes, unframed
from ._images import mosaic, near_square, pitch

# How many filters are drawn where one is one tile, and where it is a row of tiles; and of how many tiles.
MOST_TILES, MOST_ROWS, MOST_CHANNELS = 64, 16, 16


def filters(layer: Any, max_filters: int | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the filters of a convolution.

    With one input channel they are maps of the weights, red above 0 and blue below. With three they are small colored
    images, each stretched to its own range. Otherwise every row is a filter and every column an input channel, of which
    the first 16 are drawn.

    Parameters
    ----------
    layer : Conv2d, Conv1d, ConvTranspose2d, ConvTranspose1d, or array
        An array is a weight ``(K, C, R, S)`` or ``(K, C, L)``, K filters over C channels, float32 or float64.
    max_filters : int, optional
        The first so many are drawn; by default 64 where each is one image, and 16 where each is a row.
    ax : Axes, optional
        By default those of a new figure of pyplot.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import fastconv as fc
    >>> ax = fc.plot.filters(fc.models.lenet5(rng=0).conv1)
    >>> ax.get_title()
    '6 filters 5 × 5'
    """
    weight = _weight(layer)
    total, channels, height, width = weight.shape
    if max_filters is None:
        max_filters = MOST_TILES if channels in (1, 3) else MOST_ROWS
    count = min(integer("filters", "max_filters", max_filters, 1), total)
    check_axes("filters", ax)
    shown = weight[:count, :MOST_CHANNELS]
    title = f"{total if count == total else f'{count} of {total}'} filters {height} × {width}"
    if channels > 1:
        title += f", {channels if channels <= MOST_CHANNELS else f'{MOST_CHANNELS} of {channels}'} channels"
    ax = axes_or_new(ax)
    if channels == 3:
        ax.imshow(mosaic(_colors(shown), near_square(count, height, width)), interpolation="nearest")
        unframed(ax)
    else:
        columns = near_square(count, height, width) if channels == 1 else shown.shape[1]
        limit = float(np.abs(shown).max()) or 1.0
        tiles = shown.reshape(-1, height, width)
        picture = ax.imshow(mosaic(tiles, columns), cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
        unframed(ax)
        if channels > 1:
            _number(ax, tiles, columns, count)
        ax.figure.colorbar(picture, ax=ax, label="weight", shrink=0.8)
    ax.set_title(title)
    return ax


def _weight(layer: Any) -> Array:
    """``(K, C, R, S)``, finite."""
    value = layer.__dict__.get("weight") if isinstance(layer, Module) else layer
    if isinstance(layer, Module) and value is None:
        raise TypeError(f"filters: layer must be a convolution, got {type(layer).__name__}")
    weight = real("filters", "layer", value)
    if weight.ndim not in (3, 4) or 0 in weight.shape:
        raise ValueError(f"filters: layer must have a weight (K, C, R, S) or (K, C, L), got shape {weight.shape}")
    if isinstance(layer, ConvTranspose1d | ConvTranspose2d):
        weight = weight.swapaxes(0, 1)
    return weight if weight.ndim == 4 else weight[:, :, None]


def _colors(weight: Array) -> Array:
    """Filters over three channels as colors ``(n, R, S, 4)``, each stretched to [0, 1]."""
    low = weight.min(axis=(1, 2, 3), keepdims=True)
    spread = weight.max(axis=(1, 2, 3), keepdims=True) - low
    colors = ((weight - low) / np.where(spread > 0, spread, 1)).transpose(0, 2, 3, 1)
    return np.concatenate([colors, np.ones_like(colors[..., :1])], axis=-1)


def _number(ax: Axes, tiles: Array, columns: int, rows: int) -> None:
    """Numbers of filters and channels beside rows and columns, at most 8 of each."""
    down, right = pitch(tiles)
    height, width = tiles.shape[1:]
    for axis, count, step, middle, label in (
        (ax.xaxis, columns, right, (width - 1) / 2, "input channel"),
        (ax.yaxis, rows, down, (height - 1) / 2, "filter"),
    ):
        numbers = range(0, count, -(-count // 8))
        axis.set_ticks([i * step + middle for i in numbers], [str(i) for i in numbers])
        axis.set_label_text(label)
    ax.tick_params(length=0)
