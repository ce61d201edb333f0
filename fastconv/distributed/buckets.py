"""The buffer in which gradients are sent, cut into buckets."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .._arrays import Array
from ..nn.parameter import Parameter
from .communicator import Communicator, Request


class Bucket:
    """Parameters whose gradients are sent together, from a buffer for all their elements.

    `missing` gradients are not complete yet; `request` is the sum, while it is under way.
    """

    def __init__(self, parameters: Sequence[Parameter], buffer: Array) -> None:
        self.parameters = list(parameters)
        self._buffer = buffer
        ends = np.cumsum([parameter.size for parameter in parameters])
        self._places = [
            buffer[end - parameter.size : end].reshape(parameter.shape)
            for parameter, end in zip(parameters, ends, strict=True)
        ]
        self.missing = len(parameters)
        self.request: Request | Any = None

    def send(self, communicator: Communicator) -> None:
        """Begin to add the gradients of all ranks, each by its weight; one that is not there is zero."""
        share = communicator.weight / communicator.size
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for parameter, place in zip(self.parameters, self._places, strict=True):
                if parameter.grad is None:
                    place.fill(0)
                else:
                    np.multiply(parameter.grad, share, out=place, casting="same_kind")
        self.request = communicator.iallreduce(self._buffer)

    def receive(self) -> None:
        """Wait for the sums, and make them the gradients; one that no rank has stays away."""
        self.request.Wait()
        self.request = None
        for parameter, place in zip(self.parameters, self._places, strict=True):
            if parameter.grad is not None:
                parameter.grad[...] = place
            elif place.any():
                parameter.grad = place.astype(parameter.dtype)


def split(parameters: Sequence[Parameter], capacity: int, compression: str | None) -> list[Bucket]:
    """Buckets of up to so many bytes over one buffer, from the last parameter to the first; of one dtype each."""
    buckets = []
    for name, group in groupby(reversed(parameters), lambda p: compression or p.dtype.name):
        members = list(group)
        dtype = np.dtype(name)
        buffer = np.empty(sum(parameter.size for parameter in members), dtype)
        start = first = size = 0
        for i, parameter in enumerate(members):
            if size and (size + parameter.size) * dtype.itemsize > capacity:
                buckets.append(Bucket(members[first:i], buffer[start : start + size]))
                start, first, size = start + size, i, 0
            size += parameter.size
        buckets.append(Bucket(members[first:], buffer[start:]))
    return buckets
