"""Processes that are killed while they replace a file."""

import mmap
import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from .promise import Promise, Tally
from .saved import KINDS, Kind, Numbered, folder

WIDTHS, HOW_OFTEN = (1, 500, 20_000), (0.5, 0.35, 0.15)
MOST_WRITERS = 2
FIRST_NUMBER = 1


class Marks:
    """What each writer began last, and what it ended last, in memory that outlives it."""

    def __init__(self) -> None:
        self._numbers = np.frombuffer(mmap.mmap(-1, 16 * MOST_WRITERS), np.int64).reshape(MOST_WRITERS, 2)

    def reset(self, number: int) -> None:
        """Nobody has done anything since the file had this number."""
        self._numbers[:] = number

    def begin(self, writer: int, number: int) -> None:
        self._numbers[writer, 0] = number

    def end(self, writer: int, number: int) -> None:
        self._numbers[writer, 1] = number

    def interrupted(self, writer: int) -> bool:
        """Whether a writer was in the middle of a save."""
        begun, ended = self._numbers[writer]
        return bool(begun != ended)

    def possible(self, before: int) -> set[int]:
        """The numbers that the file may have: what a writer ended last, or had begun when it died."""
        numbers = set(self._numbers.ravel().tolist())
        return numbers if (self._numbers[:, 1] == before).all() else numbers - {before}


def _write_for_ever(kind: Kind, path: str, given: Numbered, first: int, writer: int, marks: Marks) -> None:
    number = first + writer
    while True:
        marks.begin(writer, number)
        kind.save(path, given, number)
        marks.end(writer, number)
        number += MOST_WRITERS


def _start(kind: Kind, path: str, given: Numbered, first: int, writer: int, marks: Marks) -> int:
    child = os.fork()
    if child == 0:
        try:
            _write_for_ever(kind, path, given, first, writer, marks)
        finally:
            os._exit(1)
    return child


class Target:
    """A file that is saved again and again by processes that do not live long."""

    def __init__(self, kind: Kind, width: int, directory: str) -> None:
        self.kind, self.directory = kind, directory
        self.path = os.path.join(directory, kind.name)
        self.given, self.found = Numbered(width), Numbered(width)
        self.marks, self.number = Marks(), 0
        os.mkdir(directory)
        self.longest = min(3 * min(self._seconds() for _ in range(3)) + 0.004, 0.1)

    def _seconds(self) -> float:
        """How long a save takes."""
        start = time.monotonic()
        self._save(FIRST_NUMBER)
        return time.monotonic() - start

    def _save(self, number: int) -> None:
        self.kind.save(self.path, self.given, number)
        self.number = number

    def forget(self) -> None:
        """Start again without a file."""
        os.unlink(self.path)
        self.number = 0

    def attack(self, writers: int, after: float) -> Tally:
        """Let some writers replace the file, kill them, and see what is there."""
        before = self.number
        self.marks.reset(before)
        children = [_start(self.kind, self.path, self.given, before + 1, i, self.marks) for i in range(writers)]
        time.sleep(after)
        for child in children:
            os.kill(child, signal.SIGKILL)
        ends = [os.waitpid(child, 0)[1] for child in children]
        interrupted = sum(self.marks.interrupted(i) for i in range(writers))
        return Tally(writers, interrupted, [f"{self.path}, {writers} writers, {after:.4f} s: {what}"
                                            for what in self._faults(writers, before, ends)])  # fmt: skip

    def _faults(self, writers: int, before: int, ends: Sequence[int]) -> list[str]:
        faults = [f"a writer ended by itself: {end}" for end in ends if not os.WIFSIGNALED(end)]
        possible = self.marks.possible(before)
        try:
            number = self.kind.load(self.path, self.found)
        except FileNotFoundError:
            number = 0
        except (OSError, ValueError) as error:
            number = None
            faults.append(f"the file cannot be read: {error}")
        if number not in possible:
            faults.append(f"the file has {number}, possible were {sorted(possible)}")
        self.number = number or 0
        left = [name for name in os.listdir(self.directory) if name != self.kind.name]
        if len(left) > MOST_WRITERS:
            faults.append(f"{left} are left of writers who are never more than {MOST_WRITERS} at a time")
        return faults

    def tidy(self) -> list[str]:
        """Save once more, undisturbed: what the dead had left is gone."""
        self._save(max(self.number, FIRST_NUMBER) + 1)
        left = [name for name in os.listdir(self.directory) if name != self.kind.name]
        return [f"{self.directory}: the next save left {left}"] if left else []


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Kill `n` writers, most of them in a folder in memory, where nobody waits for a disk."""
    total = Tally()
    with ExitStack() as stack:
        memory, disk = stack.enter_context(folder()), stack.enter_context(folder(in_memory=False))
        targets = {
            (kind, width, place): Target(kind, width, os.path.join(place, f"{width}-{kind.name}"))
            for kind in KINDS for width in WIDTHS for place in (memory, disk)
        }  # fmt: skip
        while total.tried < n:
            kind, width = KINDS[rng.integers(len(KINDS))], int(rng.choice(WIDTHS, p=HOW_OFTEN))
            target = targets[kind, width, memory if rng.random() < 0.95 else disk]
            if rng.random() < 0.05 and target.number:
                target.forget()
            total += target.attack(1 if rng.random() < 0.8 else MOST_WRITERS, rng.uniform(0, target.longest))
            if rng.random() < 0.2:
                total.lost.extend(target.tidy())
    total.notes.append(f"{total.faults:,} of {total.tried:,} kills came in the middle of a save")
    return total


PROMISES = [
    Promise("kills", "A save is old or new, never neither: SIGKILL at random moments; what is left over is removed",
            250, 10_000, attack),
]  # fmt: skip
