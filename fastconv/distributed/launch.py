"""How a process finds out that it is one of many."""

import os
from collections.abc import Mapping

from .._geometry import shown
from .communicator import SERIAL, Communicator

# What launchers tell the processes that they start: how many there are, and that there are any.
_COUNTS = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
_MARKS = (*_COUNTS, "PMI_RANK", "PMIX_RANK", "MPI_LOCALRANKID")

_found: Communicator | None = None


def init() -> Communicator:
    """The communicator of this process: of MPI under ``mpiexec`` or ``srun``, else one of a single rank.

    Further calls return the same one. With several ranks,

    - an exception that nobody catches ends them all, with a message that names the rank, and so does the death of a
      process, which launchers see to;
    - ranks that may run on the same CPUs share them, unless ``FASTCONV_NUM_THREADS``, ``OMP_NUM_THREADS`` or
      `fc.set_num_threads` say how many threads there are to be.

    Returns
    -------
    Communicator

    Raises
    ------
    ImportError
        A launcher has started this process, but mpi4py is not installed.
    RuntimeError
        A launcher has started several processes, of which MPI knows nothing: mpi4py is built for another MPI than that
        of the launcher.

    Examples
    --------
    >>> from fastconv import distributed
    >>> communicator = distributed.init()
    >>> communicator.rank, communicator.size
    (0, 1)
    """
    global _found
    if _found is None:
        if any(name in os.environ for name in _MARKS):
            from .mpi import connect

            _found = connect(_started(os.environ))
        else:
            _found = SERIAL
    return _found


def group(function: str, communicator: Communicator | None) -> Communicator:
    """The communicator that an argument means."""
    if communicator is None:
        return init()
    if not hasattr(communicator, "iallreduce"):
        raise TypeError(f"{function}: communicator must be a Communicator or None, got {shown(communicator)}")
    return communicator


def _started(environment: Mapping[str, str]) -> int:
    """How many processes the launcher has started, as far as it says so."""
    return max((int(environment[name]) for name in _COUNTS if environment.get(name, "").isdecimal()), default=1)
