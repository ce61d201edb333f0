"""Pictures of a training run."""

import os
from collections.abc import Mapping, Sequence
from io import BytesIO

from ._extras import require
from ._files import atomic_write

FORMATS = ("png", "pdf", "svg")


def learning_curve(history: Mapping[str, Sequence[float]], path: str | os.PathLike[str]) -> None:
    """Draw loss and accuracy over the epochs, side by side, into a file.

    Parameters
    ----------
    history : History, or a mapping with its keys
        ``"loss"`` and ``"accuracy"``; ``"val_loss"`` and ``"val_accuracy"`` are drawn beside them if present.
    path : str or path-like
        The ending ``.png``, ``.pdf`` or ``.svg`` says which format.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    KeyError
        `history` lacks ``"loss"`` or ``"accuracy"``.
    ValueError
        Another ending.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> learning_curve({"loss": [1.0], "accuracy": [0.5]}, "curve.docx")
    Traceback (most recent call last):
        ...
    ValueError: learning_curve: path must end in .png, .pdf or .svg, got 'curve.docx'
    """
    name = os.fsdecode(path)
    format = os.path.splitext(name)[1][1:].lower()
    if format not in FORMATS:
        raise ValueError(f"learning_curve: path must end in .png, .pdf or .svg, got {name!r}")
    # A Figure of its own, not pyplot's: needs no display and leaves the caller's figures alone.
    matplotlib = require("matplotlib.figure", "fastconv.plot", "plot")
    figure = matplotlib.Figure(figsize=(9, 3.6), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axes, key, scale in zip(figure.subplots(1, 2), ("loss", "accuracy"), (1, 100), strict=True):
        for prefix, label in (("", "train"), ("val_", "validation")):
            if prefix + key in history:
                values = [scale * value for value in history[prefix + key]]
                axes.plot(epochs, values, label=label, marker="." if len(values) == 1 else None)
        axes.set_xlabel("epoch")
        axes.set_ylabel("accuracy (%)" if key == "accuracy" else key)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.axes[0].set_yscale("log")
    picture = BytesIO()
    figure.savefig(picture, format=format, dpi=120)
    with atomic_write(path) as file:
        file.write(picture.getvalue())
