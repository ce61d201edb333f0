"""A process beside the ranks of a machine that tells which of them was the first to die.

Open MPI and Slurm say which rank has died, MPICH no more than the number of a process; ranks cannot, as the rest is
killed at once. So each holds a pipe open, and a process in a session of its own looks at the other ends. This file is
its program, too.
"""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from typing import Any


class Watch:
    """Watches the ranks of this machine, `neighbours`, where that is Linux; this one is `rank` of `size` in all."""

    def __init__(self, neighbours: Any, rank: int, size: int) -> None:
        self._process: Any = None
        if sys.platform != "linux":
            return
        import fcntl
        import resource
        import signal
        import subprocess

        first = neighbours.rank == 0
        folder = neighbours.bcast(tempfile.mkdtemp(prefix="fastconv-ranks-") if first else None)
        path = os.path.join(folder, str(rank))
        os.mkfifo(path)
        pipe = os.open(path, os.O_RDWR)
        # Linux closes the pipes of a dying process from the highest number on, and launchers react to one of their own.
        fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, min(512, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 16))
        os.close(pipe)
        neighbours.Barrier()
        number = None
        if first:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, folder, str(size)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            number = process.pid
            self._process = process
        self._number, self._signal = neighbours.bcast(number), signal.SIGTERM

    def stop(self) -> None:
        """End it: what ranks do from here on is not told."""
        if sys.platform == "linux":
            with suppress(ProcessLookupError):
                os.kill(self._number, self._signal)
            if self._process is not None:
                self._process.wait()


def _main(folder: str, size: str) -> None:
    import select

    watched = select.epoll()
    ranks = {}
    for rank in os.listdir(folder):
        pipe = os.open(os.path.join(folder, rank), os.O_RDONLY | os.O_NONBLOCK)
        ranks[pipe] = rank
        watched.register(pipe, 0)
    shutil.rmtree(folder)
    ((pipe, _),) = watched.poll(maxevents=1)  # in the order in which pipes were closed
    text = f"fastconv.distributed: rank {ranks[pipe]} of {size} has died, the first on {os.uname().nodename}\n"
    os.write(2, text.encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
