"""What ranks say to each other."""

from typing import Any, Protocol

from .._arrays import Array


class Request(Protocol):
    """A sum that is under way, as those of mpi4py."""

    def Test(self) -> bool:
        """Let it go on; whether it is done."""

    def Wait(self) -> Any:
        """Return when it is done."""


class Communicator(Protocol):
    """A group of processes, its ranks, as `init` gives it; all call the same methods in the same order.

    Attributes
    ----------
    rank : int
        Of this process, from 0.
    size : int
        Number of processes.
    weight : float
        How much the gradients of this process count: 1 where all do alike. `DistributedSampler` sets it for each
        batch to the share of the samples times `size`.
    failed : bool
        Set to True, the end of this process ends the others as well: see `failing_together`.
    """

    rank: int
    size: int
    weight: float
    failed: bool

    def allreduce(self, array: Array) -> None:
        """Replace a contiguous array by its sum over all ranks, which all get with the same bits."""

    def iallreduce(self, array: Array) -> Request:
        """Begin such a sum, of float16 too; the array is not to be touched until it is done."""

    def broadcast(self, array: Array, root: int = 0) -> None:
        """Replace a contiguous array by that of the rank `root`."""

    def barrier(self) -> None:
        """Wait until all ranks are here."""

    def allgather_object(self, value: Any) -> list[Any]:
        """The values of all ranks, in their order; anything that can be pickled."""


class Serial:
    """The communicator of a process that is alone."""

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self.weight, self.failed = 1.0, False

    def allreduce(self, array: Array) -> None:
        """Nothing is added."""

    def iallreduce(self, array: Array) -> Request:
        """Nothing is added."""
        return _Done()

    def broadcast(self, array: Array, root: int = 0) -> None:
        """It is that of rank 0."""

    def barrier(self) -> None:
        """All are here."""

    def allgather_object(self, value: Any) -> list[Any]:
        """The only one."""
        return [value]


class _Done:
    def Test(self) -> bool:
        return True

    def Wait(self) -> None:
        pass


SERIAL = Serial()
