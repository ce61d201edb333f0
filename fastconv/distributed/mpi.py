"""Ranks of MPI, through mpi4py; nothing else imports it."""

import atexit
import importlib
import os
import sys
import time
from types import TracebackType
from typing import Any

import numpy as np

from .. import _threads
from .._arrays import Array
from .._extras import require
from .communicator import SERIAL, Communicator, Request
from .launch import init, named
from .watch import Watch

SECONDS_TO_BE_READ = 0.5
"""For the launcher to pass on what a rank wrote last: once a job is aborted, it drops the rest."""


class MPICommunicator:
    """All processes of an MPI job, by the module ``mpi4py.MPI``."""

    def __init__(self, mpi: Any) -> None:
        self._mpi, self._comm = mpi, mpi.COMM_WORLD
        self._behind = self._comm.Dup()  # sums in the background need not keep to the order of the rest
        self._half_sum = mpi.Op.Create(_add_halves, commute=True)
        self.rank, self.size = int(self._comm.rank), int(self._comm.size)
        self.weight, self.failed = 1.0, False

    def allreduce(self, array: Array) -> None:
        self._comm.Allreduce(self._mpi.IN_PLACE, array)

    def iallreduce(self, array: Array) -> Request:
        mpi = self._mpi
        halves = array.dtype == np.float16  # for which MPI has neither a type nor a sum
        values, total = ([array.view(np.uint16), mpi.UINT16_T], self._half_sum) if halves else (array, mpi.SUM)
        request: Request = self._behind.Iallreduce(mpi.IN_PLACE, values, total)
        return request

    def broadcast(self, array: Array, root: int = 0) -> None:
        self._comm.Bcast(array.reshape(-1).view(np.uint8), root)

    def barrier(self) -> None:
        self._comm.Barrier()

    def allgather_object(self, value: Any) -> list[Any]:
        return list(self._comm.allgather(value))

    def __reduce__(self) -> Any:
        return init, ()  # a copy of what refers to this one refers to it as well


def _add_halves(mine: Any, total: Any, kind: Any) -> None:
    """Sum of float16, each rounded from float32."""
    values, sums = np.frombuffer(mine, np.float16), np.frombuffer(total, np.float16)
    with np.errstate(all="ignore"):
        np.add(values, sums, out=sums, dtype=np.float32, casting="same_kind")


def connect(started: int) -> Communicator:
    """The communicator of a process that a launcher has started, `started` of them if it says so."""
    require("mpi4py", "fastconv.distributed under mpiexec", "mpi")
    mpi: Any = importlib.import_module("mpi4py.MPI")
    if mpi.COMM_WORLD.size == 1:
        if started > 1:
            raise RuntimeError(
                f"fastconv.distributed: {started} processes were started, but to MPI each is alone: mpi4py uses "
                f"{mpi.Get_library_version().split(',')[0].splitlines()[0]}, the launcher another MPI"
            )
        return SERIAL
    communicator = MPICommunicator(mpi)
    neighbours = mpi.COMM_WORLD.Split_type(mpi.COMM_TYPE_SHARED)
    cpus = neighbours.allgather(_cpus())
    _threads.share(sum(bool(cpus[neighbours.rank] & others) for others in cpus))
    watch = Watch(neighbours, communicator.rank, communicator.size)
    before = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        communicator.failed = True
        before(kind, error, traceback)
        print(f"fastconv.distributed: {named(communicator)} has failed: {kind.__name__}: {error}", file=sys.stderr)
        end()

    def end() -> None:
        watch.stop()
        sys.stdout.flush()
        sys.stderr.flush()
        if communicator.failed:
            time.sleep(SECONDS_TO_BE_READ)
            mpi.COMM_WORLD.Abort(1)
        communicator.barrier()  # nobody leaves, or is missed, before the watches have stopped

    sys.excepthook = report
    atexit.register(end)
    return communicator


def _cpus() -> set[int]:
    try:
        return os.sched_getaffinity(0)
    except AttributeError:  # systems without affinity
        return {0}
