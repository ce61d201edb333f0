"""Cases in a child process: one that dies is seen, named, and the cases after it still run."""

import mmap
import multiprocessing
import signal
import struct
from collections.abc import Callable
from multiprocessing.connection import Connection

from .promise import Tally


def _child(case: Callable[[int], Tally], start: int, stop: int, mark: mmap.mmap, results: Connection) -> None:
    total = Tally()
    for i in range(start, stop):
        mark[:8] = struct.pack("q", i)
        total += case(i)
    results.send(total)


def supervise(case: Callable[[int], Tally], n: int, *, seconds: float = 600, chunk: int = 2000) -> Tally:
    """Run `case(0)` to `case(n - 1)` in forked children, `chunk` of them in each.

    A child that ends by a signal, or takes longer than `seconds`, is a lost case; what that child had tried before is
    counted, and a new child goes on with the next case. `case(i)` must depend on `i` alone and count one tried case.
    """
    context = multiprocessing.get_context("fork")
    total, start = Tally(), 0
    while start < n:
        stop = min(start + chunk, n)
        mark = mmap.mmap(-1, 8)
        mark[:8] = struct.pack("q", start)
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(case, start, stop, mark, sender))
        child.start()
        sender.close()
        if not receiver.poll(seconds):
            child.kill()
        try:
            total += receiver.recv()
            start = stop
        except EOFError:
            child.join()
            total += _death(child.exitcode, start, mark)
            start = total.tried
        child.join()
    return total


def _death(code: int | None, start: int, mark: mmap.mmap) -> Tally:
    """What a child had tried that ended in the middle of a case."""
    at = struct.unpack("q", mark[:8])[0]
    how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    return Tally(tried=at - start + 1, lost=[f"case {at}: the process ended by {how}"])
