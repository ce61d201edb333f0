"""Batch normalisation with the statistics of all ranks."""

from typing import TypeVar

import numpy as np

from .._arrays import Array
from .._geometry import shown
from ..nn import Module
from ..nn.batch_norm import _BatchNorm
from .communicator import Communicator
from .launch import group

Model = TypeVar("Model", bound=Module)


class AcrossRanks:
    """What batch normalisation asks where a batch is spread over ranks: float64, one value for each channel."""

    def __init__(self, communicator: Communicator) -> None:
        self._communicator = communicator

    def moments(self, mean: Array, square: Array, count: int) -> tuple[Array, Array, int]:
        """Mean, sum of squares around it and number of values of the whole batch, from those of this rank."""
        sums = np.array([*(count * mean), count], np.float64)
        self._communicator.allreduce(sums)
        total = int(sums[-1])
        whole = sums[:-1] / max(total, 1)
        squares = square + count * np.square(mean - whole)
        self._communicator.allreduce(squares)
        return whole, squares, total

    def sums(self, *values: Array) -> Array:
        """Sums over the whole batch, in the scale of the gradients of this rank, which its weight will change."""
        weight = self._communicator.weight
        joined = np.array(values) * weight
        self._communicator.allreduce(joined)
        result: Array = joined / weight if weight else joined
        return result


def convert_sync_batchnorm(model: Model, communicator: Communicator | None = None) -> Model:
    """Let batch normalisation in a model use the statistics of the whole batch, instead of those of each rank's part.

    It costs three small messages a layer and step, for which all ranks wait.

    Parameters
    ----------
    model : Module
        Changed in place.
    communicator : Communicator, optional
        None: that of `init`.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    TypeError
        An argument is something else.

    Examples
    --------
    >>> from fastconv import distributed, nn
    >>> model = distributed.convert_sync_batchnorm(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))
    """
    function = "convert_sync_batchnorm"
    ranks = group(function, communicator)
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {shown(model)}")
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module._across = AcrossRanks(ranks) if ranks.size > 1 else None
    return model
