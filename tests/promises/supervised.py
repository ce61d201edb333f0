"""Cases in child processes: one that dies is seen, named, and the cases after it still run."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any

from .promise import Tally

Case = Callable[[int], Tally]

workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
"""How many children run at once; `--workers` sets it."""


def _run(case: Case, start: int, stop: int, mark: Any, losses: Connection) -> None:
    """In the child: `mark` holds the case that runs, and the cases tried and faults injected before it."""
    tried = faults = 0
    for i in range(start, stop):
        mark[:] = i, tried, faults
        try:
            tally = case(i)
        except Exception as error:
            tally = Tally(1, lost=[f"case {i}: {type(error).__name__}: {error}"])
        tried, faults = tried + tally.tried, faults + tally.faults
        if tally.lost or tally.notes:
            losses.send((tally.lost, tally.notes))
    mark[:] = stop, tried, faults


class _Child:
    """A process that runs the cases from `start` to `stop`, and what is known of it."""

    def __init__(self, context: Any, case: Case, start: int, stop: int) -> None:
        self.stop = stop
        self.mark = context.RawArray("q", [start, 0, 0])
        self.losses, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=_run, args=(case, start, stop, self.mark, sender))
        self.process.start()
        sender.close()
        self.tally = Tally()
        self.seen, self.since = start, time.monotonic()
        self.stuck = False

    def hear(self) -> bool:
        """Take what it has sent; whether it has ended."""
        try:
            while self.losses.poll():
                lost, notes = self.losses.recv()
                self.tally.lost += lost
                self.tally.notes += notes
        except (EOFError, OSError):
            self.process.join()
            return True
        return False

    def limit(self, seconds: float) -> None:
        """Kill it if it has been in the same case for so long."""
        if self.mark[0] != self.seen:
            self.seen, self.since = self.mark[0], time.monotonic()
        elif time.monotonic() - self.since > seconds:
            self.stuck = True
            self.process.kill()

    def result(self) -> tuple[Tally, int]:
        """What it has found, and the case to go on with: after a death, the one behind that in which it died."""
        at, self.tally.tried, self.tally.faults = self.mark
        if at == self.stop and self.process.exitcode == 0:
            return self.tally, self.stop
        code = self.process.exitcode
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        how = "was stuck" if self.stuck else how
        self.tally.lost.append(f"case {at}: the process {how}")
        self.tally.tried += 1
        return self.tally, at + 1


@contextmanager
def _variables(given: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def supervise(
    case: Case,
    n: int,
    *,
    seconds: float = 600,
    chunk: int = 2000,
    at_once: int | None = None,
    environment: dict[str, str] | None = None,
) -> Tally:
    """Run `case(0)` to `case(n - 1)` in children, `chunk` of them in each, `at_once` children (or `workers`) together.

    A child that ends by a signal, or stays in one case for longer than `seconds`, is a lost case; what it had found
    before counts, and a new child goes on with the next case. `case(i)` must depend on `i` alone.

    Children are forks, in which fastconv runs with one thread. With an `environment`, even an empty one, they are fresh
    interpreters with these variables; `case` must then be picklable.
    """
    context = multiprocessing.get_context("fork" if environment is None else "spawn")
    waiting = deque((start, min(start + chunk, n)) for start in range(0, n, chunk))
    running: list[_Child] = []
    total = Tally()
    try:
        while waiting or running:
            while waiting and len(running) < (at_once or workers):
                with _variables(environment or {}):
                    running.append(_Child(context, case, *waiting.popleft()))
            wait([child.losses for child in running], timeout=1)
            for child in list(running):
                if not child.hear():
                    child.limit(seconds)
                    continue
                running.remove(child)
                tally, start = child.result()
                total += tally
                if start < child.stop:
                    waiting.appendleft((start, child.stop))
    finally:
        for child in running:
            child.process.kill()
    return total
