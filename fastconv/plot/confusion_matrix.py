"""Which classes are taken for which."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array

from ._arguments import class_ids, class_names
from ._canvas import Axes, axes_or_new, check_axes

# Up to so many classes, the counts fit into their squares.
MOST_COUNTS = 20


def confusion_matrix(
    y_true: Any, y_pred: Any, *, display_labels: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how often each class (row) was taken for each class (column).

    The diagonal, what is right, is blue; what is wrong is orange, on a range of its own, so that few errors are seen
    too. Colors are shares of a row; the numbers, up to 20 classes, are counts.

    Parameters
    ----------
    y_true, y_pred : array of ints, shape (n,)
        Class ids.
    display_labels : sequence of str, optional
        Names of the classes, by default their ids. As many as there are classes, also where the last ones do not occur.
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
    >>> ax = fc.plot.confusion_matrix([0, 0, 1, 1, 2], [0, 1, 1, 1, 2], display_labels=["cat", "dog", "owl"])
    >>> ax.get_title()
    '4 of 5 are right (80.00 %)'
    """
    truth = class_ids("confusion_matrix", "y_true", y_true)
    guess = class_ids("confusion_matrix", "y_pred", y_pred, len(truth))
    names = class_names("confusion_matrix", display_labels, 1 + int(max(truth.max(), guess.max())))
    check_axes("confusion_matrix", ax)
    counts = count_pairs(truth, guess, len(names))
    ax = axes_or_new(ax, 6.0, 5.6)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(names), dtype=bool)
    wrong = np.ma.masked_where(right | (counts == 0), shares)
    ax.imshow(np.ma.masked_where(~right | (counts == 0), shares), cmap="Blues", vmin=0, vmax=1.25)
    ax.imshow(wrong, cmap="Oranges", vmin=0, vmax=1.5 * float(shares[~right].max(initial=0)) or 1)
    if len(names) <= MOST_COUNTS:
        for row, column in zip(*np.nonzero(counts), strict=True):
            color = "white" if row == column and shares[row, column] > 0.6 else "black"
            ax.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=color, fontsize="small")
    _label(ax, names)
    hits = int(np.trace(counts))
    ax.set_title(f"{hits:,} of {len(truth):,} are right ({100 * hits / len(truth):.2f} %)")
    return ax


def count_pairs(truth: Array, guess: Array, classes: int) -> Array:
    """How often each class (row) was taken for each class (column)."""
    return np.bincount(truth * classes + guess, minlength=classes**2).reshape(classes, classes)


def _label(ax: Axes, names: Sequence[str]) -> None:
    """Names of classes on both axes, at most about 30 of them, and lines between the squares."""
    places = range(0, len(names), -(-len(names) // 30))
    shown = [names[place] for place in places]
    long = max(map(len, shown)) > 3
    ax.set_xticks(places, shown, rotation=45 if long else 0, ha="right" if long else "center")
    ax.set_yticks(places, shown)
    ax.tick_params(length=0)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    between = np.arange(len(names) + 1) - 0.5
    if len(names) <= MOST_COUNTS:
        ax.hlines(between, -0.5, len(names) - 0.5, colors="gray", linewidth=0.4, alpha=0.5)
        ax.vlines(between, -0.5, len(names) - 0.5, colors="gray", linewidth=0.4, alpha=0.5)
    ax.spines[:].set_visible(False)
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
