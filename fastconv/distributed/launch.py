"""How a process finds out that it is one of many, and how it tells them that it has failed."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .._geometry import shown
from .communicator import SERIAL, Communicator

# What launchers tell the processes that they start: how many there are, and that there are any.
_COUNTS = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
_MARKS = (*_COUNTS, "PMI_RANK", "PMIX_RANK", "MPI_LOCALRANKID")

_found: Communicator | None = None


def init() -> Communicator:
    """The communicator of this process: of MPI under ``mpiexec`` or ``srun``, else one of a single rank.

    Further calls return the same one. With several ranks, an exception that nobody catches ends them all, with a
    message that names the rank; so does the death of a process, which launchers see to. Ranks that may run on the same
    CPUs share them, unless ``FASTCONV_NUM_THREADS``, ``OMP_NUM_THREADS`` or `fc.set_num_threads` have set a count.

    Returns
    -------
    Communicator

    Raises
    ------
    ImportError
        A launcher has started this process, but mpi4py is not installed.
    RuntimeError
        A launcher has started several processes, of which MPI knows nothing.

    Examples
    --------
    >>> from fastconv import distributed
    >>> communicator = distributed.init()
    >>> communicator.rank, communicator.size
    (0, 1)
    """
    global _found
    if _found is None:
        _found = SERIAL
        if any(name in os.environ for name in _MARKS):
            from .mpi import connect

            _found = connect(_started(os.environ))
    return _found


def _started(environment: Mapping[str, str]) -> int:
    """How many processes the launcher has started, as far as it says so."""
    return max((int(environment[name]) for name in _COUNTS if environment.get(name, "").isdecimal()), default=1)


def group(function: str, communicator: Communicator | None) -> Communicator:
    """The communicator that an argument means."""
    if communicator is None:
        return init()
    if not hasattr(communicator, "iallreduce"):
        raise TypeError(f"{function}: communicator must be a Communicator or None, got {shown(communicator)}")
    return communicator


def named(communicator: Communicator) -> str:
    """What a message calls this rank."""
    return f"rank {communicator.rank} of {communicator.size} (on {platform.node()})"


@contextmanager
def failing_together(communicator: Communicator) -> Iterator[None]:
    """Within this block, an exception ends all ranks once this process ends, even if somebody catches it.

    Its notes name the rank.

    Parameters
    ----------
    communicator : Communicator

    Examples
    --------
    >>> from fastconv import distributed
    >>> with distributed.failing_together(distributed.init()):
    ...     result = 6 * 7
    """
    try:
        yield
    except BaseException as error:
        if communicator.size > 1:
            communicator.failed = True
            error.add_note(named(communicator))
        raise
