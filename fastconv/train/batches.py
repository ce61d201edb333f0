"""What `Trainer` takes as data, and what has to hold for it."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..data.loader import DataLoader
from ..distributed.communicator import SERIAL, Communicator
from ..distributed.sampler import DistributedSampler

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
Batches: TypeAlias = Iterable[Arrays]
Data: TypeAlias = Batches | Arrays


def batches(
    data: Data,
    function: str,
    batch_size: int,
    shuffle: bool = False,
    rng: int | np.random.Generator | None = None,
    communicator: Communicator = SERIAL,
) -> Batches:
    """A loader for arrays, of which each rank gets its part; what already gives batches stays as it is."""
    if isinstance(data, tuple) or (isinstance(data, list) and data and isinstance(data[0], np.ndarray)):
        if len(data) != 2:
            raise ValueError(f"{function}: data must be a DataLoader or (X, y), got {len(data)} items")
        X, y = cast(Arrays, data)
        sampler = None if communicator.size == 1 else DistributedSampler(communicator)
        return DataLoader(X, y, batch_size, shuffle=shuffle, rng=rng, sampler=sampler)
    if isinstance(data, Iterator) or not isinstance(data, Iterable):
        # An iterator would be empty from the second epoch on.
        raise TypeError(f"{function}: data must be a DataLoader or (X, y), got {type(data).__name__}")
    return data


def ranks_of(data: Batches, communicator: Communicator) -> Communicator:
    """Those whose parts make up the data: a DataLoader without a sampler gives all of them to each rank."""
    whole = isinstance(data, DataLoader) and data.sampler is None
    return SERIAL if whole else communicator


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
