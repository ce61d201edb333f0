"""Learning curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import shown

from ._arguments import names_of, numbers
from ._canvas import BLUE, ORANGE, Axes, is_axes, library, light

VALIDATION = "val_"


def learning_curve(
    history: Mapping[str, Sequence[float]],
    metrics: Sequence[str] | None = None,
    *,
    axes: Sequence[Axes] | Axes | None = None,
) -> Any:
    """Draw the numbers of a training run over its epochs, each with its validation.

    Parameters
    ----------
    history : History, or a mapping of str to sequence of float
        One number per epoch for each key. ``"val_loss"`` is drawn into the diagram of ``"loss"``, and so on. Losses
        that span a factor of 10 get a logarithmic axis; names that end in ``accuracy`` are shares, drawn in percent.
    metrics : sequence of str, optional
        Keys without ``val_``, one diagram for each; by default all.
    axes : Axes, or sequence of Axes, optional
        As many as metrics. By default a new figure of pyplot, with the diagrams side by side.

    Returns
    -------
    ndarray of Axes, shape (len(metrics),)

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import fastconv as fc
    >>> history = {"loss": [2.1, 0.9, 0.4], "val_loss": [2.0, 1.0, 0.6], "accuracy": [0.3, 0.7, 0.9]}
    >>> axes = fc.plot.learning_curve(history)
    >>> [ax.get_ylabel() for ax in axes]
    ['loss', 'accuracy (%)']
    """
    columns = _columns(history)
    chosen = names_of("learning_curve", "metrics", metrics, without_validation(columns))
    drawn_on = _axes(axes, len(chosen))
    for metric, ax in zip(chosen, drawn_on, strict=True):
        _draw(ax, metric, columns)
    return drawn_on


def _columns(history: Any) -> dict[str, Array]:
    if not isinstance(history, Mapping):
        raise TypeError(f"learning_curve: history must be a History or a mapping, got {shown(history)}")
    columns = {}
    for key, values in history.items():
        column = numbers("learning_curve", f"history[{key!r}]", values)
        if column.ndim != 1 or len(column) == 0:
            raise ValueError(f"learning_curve: history[{key!r}] must have a number per epoch, got {shown(values)}")
        columns[str(key)] = column
    if not columns:
        raise ValueError("learning_curve: history must have an epoch, got none")
    return columns


def without_validation(columns: Mapping[str, Any]) -> list[str]:
    """The keys that get a diagram, in their order: a validation of nothing is a metric of its own."""
    return [key for key in columns if not (key.startswith(VALIDATION) and key.removeprefix(VALIDATION) in columns)]


def _axes(axes: Any, count: int) -> Any:
    """As many Axes as are needed, in an array."""
    if axes is None:
        pyplot = library("pyplot")
        return pyplot.subplots(1, count, figsize=(4.6 * count, 3.5), layout="constrained", squeeze=False)[1][0]
    given = np.atleast_1d(np.asarray(axes, object)).ravel()
    if not all(map(is_axes, given)):
        raise TypeError(f"learning_curve: axes must be matplotlib Axes, got {shown(axes)}")
    if len(given) != count:
        raise ValueError(f"learning_curve: axes must be {count}, one for each metric, got {len(given)}")
    return given


def _draw(ax: Axes, metric: str, columns: Mapping[str, Array]) -> None:
    share = metric.endswith("accuracy")
    scale = 100 if share else 1
    lines = [("training", metric, BLUE, "-")]
    if VALIDATION + metric in columns:
        lines = [("training", metric, BLUE, "--"), ("validation", VALIDATION + metric, ORANGE, "-")]
    for label, key, color, style in lines:
        values = scale * columns[key]
        epochs = np.arange(1, len(values) + 1)
        marker = "." if len(values) == 1 else None
        ax.plot(epochs, values, style, color=color, marker=marker, label=f"{label} (last: {values[-1]:.4g})")
    drawn = np.concatenate([columns[key] for _, key, _, _ in lines])
    ticker = library("ticker")
    if metric.endswith("loss") and drawn.min() > 0 and drawn.max() >= 10 * drawn.min():
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        ax.yaxis.set_minor_locator(ticker.NullLocator())
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.set_xlabel("epoch")
    ax.set_ylabel(f"{metric.replace('_', ' ')} (%)" if share else metric.replace("_", " "))
    light(ax)
    if len(lines) > 1:
        ax.legend(frameon=False)
