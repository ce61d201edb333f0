"""What ranks say to each other."""

from typing import Any, Protocol

from .._arrays import Array


class Request(Protocol):
    """A sum that is under way: those of mpi4py are such."""

    def Test(self) -> bool:
        """Let it go on; whether it is done."""

    def Wait(self) -> Any:
        """Return when it is done."""


class Communicator(Protocol):
    """A group of processes, its ranks, as `init` gives it; all call the same methods in the same order.

    Arrays are contiguous.

    Attributes
    ----------
    rank, size : int
        Number of this process, from 0, and of all.
    weight : float
        How much the gradients of this process count, 1 on average: `DistributedSampler` sets it for each batch.
    failed : bool
        Set to True, the end of this process ends the others as well.
    """

    rank: int
    size: int
    weight: float
    failed: bool

    def allreduce(self, array: Array) -> None:
        """Replace an array by its sum over all ranks, the same bits on each."""

    def iallreduce(self, array: Array) -> Request:
        """Begin such a sum, of float16 too; the array is not to be touched until it is done."""

    def broadcast(self, array: Array, root: int = 0) -> None:
        """Replace an array by that of one rank."""

    def barrier(self) -> None:
        """Wait until all ranks are here."""

    def allgather_object(self, value: Any) -> list[Any]:
        """The values of all ranks, in their order; anything that can be pickled."""


class Serial:
    """That of a process that is alone, for which there is nothing to do."""

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self.weight, self.failed = 1.0, False

    def allreduce(self, array: Array) -> None:
        pass

    def iallreduce(self, array: Array) -> Request:
        return _Done()

    def broadcast(self, array: Array, root: int = 0) -> None:
        pass

    def barrier(self) -> None:
        pass

    def allgather_object(self, value: Any) -> list[Any]:
        return [value]


class _Done:
    def Test(self) -> bool:
        return True

    def Wait(self) -> None:
        pass


SERIAL = Serial()
