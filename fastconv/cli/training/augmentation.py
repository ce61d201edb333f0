"""``--augment``: changes of training images, by names."""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

from ... import data
from ..._geometry import Shape

NONE = "none"


class Change(NamedTuple):
    """A change that can be asked for: ``NAME`` or ``NAME=VALUE``."""

    usual: float
    """The value of the name alone."""

    whole: bool
    """Whether values are whole numbers of at least 1, else they are numbers above 0."""

    most: float
    make: Callable[[Any, Shape, int], data.Transform]


CHANGES = {
    "shift": Change(2, True, 2**16, lambda pixels, shape, classes: data.RandomShift(pixels)),
    "crop": Change(4, True, 2**16, lambda pixels, shape, classes: data.RandomCrop((shape[2], shape[3]), pixels)),
    "flip": Change(0.5, False, 1, lambda p, shape, classes: data.RandomHorizontalFlip(p)),
    "cutout": Change(8, True, 2**16, lambda side, shape, classes: data.Cutout(side)),
    "erase": Change(0.5, False, 1, lambda p, shape, classes: data.RandomErasing(p)),
    "mixup": Change(0.2, False, 100, lambda alpha, shape, classes: data.Mixup(classes, alpha)),
}
HELP = (
    "changes of training images, between commas: shift=PIXELS, crop=PADDING, flip=PROBABILITY, cutout=SIDE, "
    "erase=PROBABILITY, mixup=ALPHA; the values may be left out. none: no changes"
)


def usual(shape: Shape) -> str:
    """What is done where nothing is asked for: nothing that could turn a letter or a digit into another one.

    Examples
    --------
    >>> usual((60000, 1, 28, 28)), usual((50000, 3, 32, 32))
    ('shift=2', 'crop=4,flip=0.5')
    """
    return "shift=2" if shape[1] == 1 else "crop=4,flip=0.5"


def changes(text: str) -> str:
    """Names and values between commas, in the way in which ``config.json`` has them.

    Examples
    --------
    >>> changes("crop,flip=0.25")
    'crop=4,flip=0.25'
    """
    if text == NONE:
        return NONE
    return ",".join(f"{name}={value}" for name, value in map(_parsed, text.split(",")))


def make_transform(text: str | None, shape: Shape, num_classes: int) -> data.Transform | None:
    """The transform of images of this shape, for `DataLoader`."""
    if text in (None, NONE):
        return None
    parts = [CHANGES[name].make(value, shape, num_classes) for name, value in map(_parsed, text.split(","))]
    return data.Compose(parts)


def _parsed(item: str) -> tuple[str, float]:
    name, equals, text = item.partition("=")
    if name not in CHANGES:
        raise argparse.ArgumentTypeError(f"must be of {', '.join(CHANGES)}, or {NONE}, got {item!r}")
    change = CHANGES[name]
    try:
        value = (int(text) if change.whole else float(text)) if equals else change.usual
    except ValueError:
        value = 0
    if not 0 < value <= change.most:
        kind = "a whole number from 1" if change.whole else "a number above 0"
        raise argparse.ArgumentTypeError(f"{name} must be {kind} to {change.most}, got {text!r}")
    return name, value
