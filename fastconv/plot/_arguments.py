"""Arguments that several pictures share: images, class ids, names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array, as_array, real
from fastconv._geometry import integer, is_sequence, shown

LARGEST_ID = 2000


def one_image(function: str, image: Any) -> Array:
    """An image as a batch of one, float32 or float64; uint8 becomes float32 in [0, 1], as in training."""
    array = as_array(function, "image", image)
    if array.dtype == np.uint8:
        array = array.astype(np.float32) / np.float32(255)
    array = real(function, "image", array)
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or len(array) != 1 or 0 in array.shape:
        raise ValueError(f"{function}: image must be one image, (C, H, W) or (1, C, H, W), got shape {array.shape}")
    return array


def many_images(function: str, name: str, images: Any) -> Array:
    """Images ``(n, C, H, W)``, uint8 or float; grey ones may lack the axis C."""
    array = as_array(function, name, images)
    if array.dtype != np.uint8:
        array = real(function, name, array)
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise ValueError(f"{function}: {name} must be images, (n, C, H, W) or (n, H, W), got shape {array.shape}")
    return array


def numbers(function: str, name: str, value: Any) -> Array:
    """Numbers in an array or in sequences, as float64."""
    try:
        array = np.asarray(value)
    except ValueError:  # sequences of unlike lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{function}: {name} must be numbers, got {shown(value)}")
    return array.astype(np.float64)


def class_ids(function: str, name: str, value: Any, length: int | None = None) -> Array:
    """Class ids ``(n,)``, integers from 0."""
    array = np.asarray(value) if is_sequence(value) else as_array(function, name, value)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{function}: {name} must be integers, the ids of classes, got {shown(value)}")
    if array.ndim != 1 or len(array) == 0 or (length is not None and len(array) != length):
        wanted = "one id or more" if length is None else f"{length} ids, one for each example"
        raise ValueError(f"{function}: {name} must be {wanted}, got shape {array.shape}")
    for extreme in (array.min(), array.max()):
        integer(function, name, int(extreme), 0, LARGEST_ID)
    return array.astype(np.int64)


def class_names(function: str, names: Any, classes: int) -> list[str]:
    """What the classes are called: their numbers, if nothing else is given."""
    if names is None:
        return [str(i) for i in range(classes)]
    names = names.tolist() if isinstance(names, np.ndarray) else names
    if not is_sequence(names):
        raise TypeError(f"{function}: display_labels must be a sequence of names, got {shown(names)}")
    if len(names) < classes:
        raise ValueError(f"{function}: display_labels must be {classes}, one for each class, got {len(names)}")
    return [str(name) for name in names]


def names_of(function: str, name: str, value: Any, known: Sequence[str]) -> list[str]:
    """Some of the names that are known, in the order in which they are known; None means all."""
    if value is None:
        return list(known)
    if not is_sequence(value) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{function}: {name} must be a sequence of names, got {shown(value)}")
    if not value or not set(value) <= set(known):
        raise ValueError(f"{function}: {name} must be some of {', '.join(known)}; got {shown(value)}")
    return [item for item in known if item in value]
