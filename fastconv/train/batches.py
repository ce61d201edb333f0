"""What `Trainer` takes as data, and what has to hold for it."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..data.loader import DataLoader

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
Batches: TypeAlias = Iterable[Arrays]
Data: TypeAlias = Batches | Arrays


def batches(
    data: Data, function: str, batch_size: int, shuffle: bool = False, rng: int | np.random.Generator | None = None
) -> Batches:
    """A loader for arrays; what already gives batches stays as it is."""
    if isinstance(data, tuple) or (isinstance(data, list) and data and isinstance(data[0], np.ndarray)):
        if len(data) != 2:
            raise ValueError(f"{function}: data must be a DataLoader or (X, y), got {len(data)} items")
        X, y = cast(Arrays, data)
        return DataLoader(X, y, batch_size, shuffle=shuffle, rng=rng)
    if isinstance(data, Iterator) or not isinstance(data, Iterable):
        # An iterator would be empty from the second epoch on.
        raise TypeError(f"{function}: data must be a DataLoader or (X, y), got {type(data).__name__}")
    return data


def find_class_id(function: str, data: Batches, outputs: NDArray[Any], ignore_index: int | None) -> None:
    """Raise the ValueError that says in which row of the data a class id is not one of the model's, if there is one."""
    targets = getattr(data, "y", None)
    if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iu" or targets.ndim != outputs.ndim - 1:
        return
    wrong = (targets < 0) | (targets >= outputs.shape[1])
    if ignore_index is not None:
        wrong &= targets != ignore_index
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise ValueError(f"{function}: y{place} = {targets[tuple(place)]} is not in [0, {outputs.shape[1]})") from None
