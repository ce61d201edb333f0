"""The examples that a classifier gets most wrong."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array, real
from fastconv._geometry import integer

from ._arguments import class_ids, class_names, many_images
from ._canvas import Axes, axes_or_new, check_axes, unframed
from ._images import near_square, visible


class Mistake(NamedTuple):
    """A wrong decision."""

    example: int
    truth: int
    guess: int
    probability: float
    """What the model gave the class that it decided for."""


def most_confused(
    X: Any,
    y_true: Any,
    logits: Any,
    n: int = 12,
    *,
    display_labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the wrongly classified images with the highest loss, the worst first.

    Under each stand the true class, the one that was predicted, and the probability that the model gave the latter.

    Parameters
    ----------
    X : array, shape (n, C, H, W) or (n, H, W)
        Images, uint8 or float.
    y_true : array of ints, shape (n,)
        Class ids.
    logits : array of float, shape (n, classes)
        Outputs of the model, before softmax.
    n : int
        How many images at most.
    display_labels : sequence of str, optional
        Names of the classes, by default their ids.
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
    >>> import numpy as np, fastconv as fc
    >>> _, (x_test, y_test) = fc.data.digits()
    >>> logits = np.eye(10)[y_test[:50]]
    >>> logits[3] = logits[3][::-1]
    >>> ax = fc.plot.most_confused(x_test[:50], y_test[:50], logits)
    >>> ax.get_title()
    '1 of 50 is wrong'
    """
    images = many_images("most_confused", "X", X)
    truth = class_ids("most_confused", "y_true", y_true, len(images))
    outputs = real("most_confused", "logits", logits)
    if outputs.ndim != 2 or len(outputs) != len(images) or outputs.shape[1] <= truth.max():
        raise ValueError(
            f"most_confused: logits must have a row for each of {len(images)} images and a column for each class, "
            f"at least {truth.max() + 1}, got shape {outputs.shape}"
        )
    integer("most_confused", "n", n, 1)
    names = class_names("most_confused", display_labels, outputs.shape[1])
    check_axes("most_confused", ax)
    wrong = mistakes(truth, outputs)
    drawn = wrong[:n]
    height, width = images.shape[2:]
    columns = near_square(len(drawn), height, width) if drawn else 1
    rows = -(-len(drawn) // columns)
    ax = axes_or_new(ax, 1.15 * max(columns, 4), 1.15 * max(rows, 1) * _pitch(height / width) + 0.4)
    for place, mistake in enumerate(drawn):
        _draw(ax, visible(images[mistake.example]), place // columns, place % columns, caption(mistake, names))
    unframed(ax)
    ax.set_aspect("equal")
    ax.set_xlim(-0.05, columns)
    ax.set_ylim(max(rows, 1) * _pitch(height / width), -0.05)
    verb = "is" if len(wrong) == 1 else "are"
    title = f"{len(wrong):,} of {len(images):,} {verb} wrong"
    ax.set_title(title if len(drawn) == len(wrong) else f"{title}; the worst {len(drawn)}")
    return ax


def mistakes(truth: Array, logits: Array) -> list[Mistake]:
    """The wrong decisions, the highest loss first."""
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    guess = logits.argmax(axis=1)
    (wrong,) = np.nonzero(guess != truth)
    # The loss is the distance of logits; probabilities of the true class may be 0 more than once.
    rows = logits[wrong].astype(np.float64)
    margin = rows[np.arange(len(wrong)), truth[wrong]] - np.logaddexp.reduce(rows, axis=1)
    return [
        Mistake(int(i), int(truth[i]), int(guess[i]), float(probabilities[i, guess[i]]))
        for i in wrong[np.argsort(margin, kind="stable")]
    ]


def caption(mistake: Mistake, names: Sequence[str]) -> str:
    """What stands under an image."""
    return f"{names[mistake.truth]} → {names[mistake.guess]}\n{100 * mistake.probability:.0f} %"


def _pitch(ratio: float) -> float:
    """From one row of images to the next, where an image is 0.95 wide and two lines of text are 0.36 high."""
    return 0.95 * ratio + 0.4


def _draw(ax: Axes, picture: Array, row: int, column: int, text: str) -> None:
    """One image, 0.95 wide, with its text underneath."""
    ratio = picture.shape[0] / picture.shape[1]
    top, left = row * _pitch(ratio), column + 0.0
    bottom = top + 0.95 * ratio
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=(left, left + 0.95, bottom, top), interpolation="nearest")
    ax.text(left + 0.475, bottom + 0.03, text, ha="center", va="top", fontsize="small", linespacing=1.1)
