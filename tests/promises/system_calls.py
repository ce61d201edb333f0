"""Every system call of a save and of a load fails in its turn.

The cases run in a process with `failing_calls.c` before the system's own library:

    python -m tests.promises.system_calls SHIM N SEED
"""

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import IntEnum
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastconv._files import check_writable

from .promise import Promise, Tally
from .saved import KINDS, Kind, Numbered, folder

OLD, NEW, UNTOUCHED = 1, 2, 3
WIDTH = 3000  # more than the buffer of a file takes
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, errno.EACCES, errno.ENOMEM, errno.ENOENT, errno.ESTALE)


class Way(IntEnum):
    """As in failing_calls.c."""

    FAILS, FAILS_FROM_NOW_ON, DONE_BUT_FAILS, HALF = 1, 2, 3, 4


class Fault(NamedTuple):
    """What happens to one of the calls, counted from 1; 0 is none."""

    call: int
    way: Way
    error: int


def faults(calls: int) -> Iterator[Fault]:
    """Every fault of an operation that makes so many calls."""
    for call in range(1, calls + 1):
        yield Fault(call, Way.HALF, 0)
        for way, error in product((Way.FAILS, Way.FAILS_FROM_NOW_ON, Way.DONE_BUT_FAILS), ERRORS):
            # It means that nothing was done, and a call is then tried again for as long as it takes.
            if way == Way.FAILS or error != errno.EINTR:
                yield Fault(call, way, error)


class Outcome(NamedTuple):
    """How an operation ended."""

    error: BaseException | None
    calls: int
    failed: str
    renamed: bool
    descriptors: int  # more than before


class Shim:
    """The library that lets calls fail."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)
        self._library.what_failed.restype = ctypes.c_char_p
        self._library.disarm.restype = ctypes.c_long
        self._library.arm.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_int)

    def run(self, operation: Callable[[], object], fault: Fault) -> Outcome:
        """Do something with a fault."""
        before, error = len(os.listdir("/proc/self/fd")), None
        self._library.arm(*fault)
        try:
            operation()
        except BaseException as raised:
            error = raised
        calls = self._library.disarm()
        after = len(os.listdir("/proc/self/fd"))
        failed = self._library.what_failed().decode()
        return Outcome(error, calls, failed, bool(self._library.renamed()), after - before)


NO_FAULT = Fault(0, Way.FAILS, 0)


class Saving:
    """A save over an old file, or where there is none."""

    def __init__(self, kind: Kind, directory: str, *, replaces: bool) -> None:
        self._kind, self._replaces, self._directory = kind, replaces, directory
        self.name = f"save {kind.name}" + ("" if replaces else " for the first time")
        self._path = os.path.join(directory, kind.name)
        self._given = Numbered(WIDTH)
        kind.save(self._path, self._given, NEW)
        self._new = Path(self._path).read_bytes()
        kind.save(self._path, self._given, OLD)
        self._old = Path(self._path).read_bytes() if replaces else None

    def attempt(self, shim: Shim, fault: Fault) -> tuple[Outcome, list[str]]:
        """Save with a fault; what was wrong about it."""
        if not self._replaces:
            os.unlink(self._path)
        outcome = shim.run(lambda: self._kind.save(self._path, self._given, NEW), fault)
        wrong = []
        if self._content() != (self._new if outcome.renamed else self._old):
            wrong.append("the file has neither the old content nor the new, or not the one that it should have")
        if outcome.error is None and not outcome.renamed:
            wrong.append("no error, but the old file")
        named = getattr(outcome.error, "filename", None)
        if outcome.error is not None and not (isinstance(outcome.error, OSError) and named == self._path):
            wrong.append(f"raised {outcome.error!r} of the file {named}")
        if fault.way == Way.FAILS and self._left():
            wrong.append(f"left {self._left()}")
        self._kind.save(self._path, self._given, OLD)
        if self._left():
            wrong.append(f"the next save left {self._left()}")
        return outcome, wrong

    def _content(self) -> bytes | None:
        return Path(self._path).read_bytes() if os.path.exists(self._path) else None

    def _left(self) -> list[str]:
        return [name for name in os.listdir(self._directory) if name != self._kind.name]


class Loading:
    """A load, which gives what was saved or changes nothing."""

    def __init__(self, kind: Kind, directory: str) -> None:
        self._kind, self.name = kind, f"load {kind.name}"
        self._path = os.path.join(directory, kind.name)
        self._into = Numbered(WIDTH)
        kind.save(self._path, Numbered(WIDTH), OLD)

    def attempt(self, shim: Shim, fault: Fault) -> tuple[Outcome, list[str]]:
        """Load with a fault; what was wrong about it."""
        self._into.become(UNTOUCHED)
        numbers: list[int | None] = []
        outcome = shim.run(lambda: numbers.append(self._kind.load(self._path, self._into)), fault)
        if outcome.error is None:
            return outcome, [] if numbers == [OLD] else [f"loaded {numbers}"]
        wrong = [] if isinstance(outcome.error, OSError | ValueError) else [f"raised {outcome.error!r}"]
        # `load` reads the file twice, to learn of the number too: the model is the old one or the saved one.
        if not (self._into.is_all(UNTOUCHED) or self._into.is_all(OLD, arrays=2)):
            wrong.append("the model is neither what it was nor what was saved")
        return outcome, wrong


class Checking:
    """A look whether a file can be written, which leaves nothing."""

    name = "check whether a file can be written"

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def attempt(self, shim: Shim, fault: Fault) -> tuple[Outcome, list[str]]:
        """Check with a fault; what was wrong about it."""
        path = os.path.join(self._directory, "file")
        outcome = shim.run(lambda: check_writable(path), fault)
        wrong = [] if outcome.error is None or isinstance(outcome.error, OSError) else [f"raised {outcome.error!r}"]
        left = os.listdir(self._directory)
        if left and fault.way == Way.FAILS and outcome.failed != "unlink":
            wrong.append(f"left {left}")
        for name in left:
            os.unlink(os.path.join(self._directory, name))
        return outcome, wrong


def main(shim_path: str, n: str, seed: str) -> None:
    """Try `n` of all faults, and print the tally."""
    shim, total = Shim(shim_path), Tally()
    with folder() as top:
        operations: list[Saving | Loading | Checking] = []
        for i, kind in enumerate(KINDS):
            for replaces in (True, False):
                operations.append(Saving(kind, _made(top, f"{i}{replaces}"), replaces=replaces))
            operations.append(Loading(kind, _made(top, f"{i}")))
        operations.append(Checking(_made(top, "checked")))
        cases = []
        for operation in operations:
            operation.attempt(shim, NO_FAULT)  # imports what it needs
            cases += [(operation, fault) for fault in faults(operation.attempt(shim, NO_FAULT)[0].calls)]
        for i in np.random.default_rng(int(seed)).permutation(len(cases))[: int(n)]:
            operation, fault = cases[i]
            outcome, wrong = operation.attempt(shim, fault)
            if outcome.descriptors:
                wrong.append(f"{outcome.descriptors} descriptors stay open")
            error = errno.errorcode.get(fault.error, "")
            told = f"{operation.name}, call {fault.call}: {outcome.failed} {fault.way.name} {error}"
            total += Tally(1, bool(outcome.failed), [f"{told}: {what}" for what in wrong])
    print(json.dumps(asdict(total)))


def _made(top: str, name: str) -> str:
    path = os.path.join(top, name)
    os.mkdir(path)
    return path


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Build the library, and run `main` under it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return Tally(notes=["not tried: it needs Linux and a C compiler"])
    with folder() as place:
        shim = os.path.join(place, "failing_calls.so")
        source = Path(__file__).with_name("failing_calls.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
        command = [sys.executable, "-m", __name__, shim, str(n), str(rng.integers(2**31))]
        before = os.environ.get("LD_PRELOAD", "")
        done = subprocess.run(command, env=os.environ | {"LD_PRELOAD": f"{before} {shim}".strip()}, capture_output=True,
                              text=True)  # fmt: skip
    if done.returncode != 0:
        return Tally(1, 0, [f"the process ended with {done.returncode}: {done.stderr[-2000:]}"])
    return Tally(**json.loads(done.stdout))


PROMISES = [
    Promise("system-calls", "A save whose n-th system call fails, for every n, raises OSError, leaves the old file and "
            "nothing beside it; a load raises or is right", 600, 8_000, attack),
]  # fmt: skip

if __name__ == "__main__":
    main(*sys.argv[1:])
