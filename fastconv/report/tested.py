"""A trained model, and what it says of the test images."""

from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array
from fastconv._summary.observation import evaluating
from fastconv.data import DataLoader
from fastconv.nn import Module

BATCH = 256
MOST_LETTERS = 23


class Tested(NamedTuple):
    """Test images as the model takes them, their classes, and its outputs for them."""

    model: Module
    images: Array
    labels: Array
    logits: Array
    names: list[str]
    """Of the classes, short ones."""

    @property
    def guesses(self) -> Array:
        """The classes that the model decides for."""
        best: Array = self.logits.argmax(axis=1)
        return best

    @property
    def example(self) -> int:
        """The image to show: the first one that the model gets right, or just the first."""
        return int((self.guesses == self.labels).argmax())


def run_model(model: Module, images: Array, labels: Array, names: Any = None) -> Tested:
    """Run a model over images, in eval mode.

    Parameters
    ----------
    model : Module
    images : ndarray, shape (n, C, H, W)
        uint8 becomes float32 in [0, 1], as in training.
    labels : ndarray of int, shape (n,)
    names : list or tuple of str, optional
        Names of the classes; what has not as many as there are outputs is passed over.

    Raises
    ------
    ValueError
        The model does not take the images, or is no classifier of these labels.
    """
    batches = [images for images, _ in DataLoader(images, labels, BATCH)]
    if not batches:
        raise ValueError("there are no test images")
    with evaluating(model):
        logits = np.concatenate([model(batch) for batch in batches])
    if logits.ndim != 2 or not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        shown = f"outputs of shape {logits.shape[1:]} and labels up to {labels.max()}"
        raise ValueError(f"the model is no classifier of the test images: it has {shown}")
    if not isinstance(names, list | tuple) or len(names) != logits.shape[1]:
        names = range(logits.shape[1])
    return Tested(model, np.concatenate(batches), labels, logits, [short(str(name)) for name in names])


def short(name: str) -> str:
    """A name for the inside of a picture: of a very long one, the beginning.

    Examples
    --------
    >>> short("cat"), short("Doryteuthis (Amerigo) pealeii")
    ('cat', 'Doryteuthis (Amerigo) …')
    """
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"
