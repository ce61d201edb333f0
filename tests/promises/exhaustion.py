"""Memory that runs out: each allocation of each call fails once, and the next call is right.

The allocations are those of our kernels and of NumPy's arrays, refused by a preloaded `malloc`, and those of the
interpreter, refused by `_testcapi.set_nomemory`. What the OpenMP runtime does when it gets no memory is its own affair:
it ends the process. Calls are made with one thread, so that nothing of that runtime is in the way.
"""

import ctypes
import importlib
import importlib.util
import itertools
import re
import tempfile
import traceback
from collections import Counter
from typing import Protocol

import numpy as np

import fastconv as fc
from fastconv._arrays import Array

from . import suite
from .prepared import compiled, prepared
from .promise import Promise, Tally
from .supervised import supervise

KERNEL = re.compile(r"kernels\.|ops\.|function\(\*args")
"""Lines that call a kernel."""

CASE = re.compile(r"^case (\d+)")


class Fault(Protocol):
    """A way to have one allocation fail.

    Attributes
    ----------
    quiet : int
        So many calls in a row without an error mean that no allocation has so high a number.
    """

    quiet: int

    def arm(self, number: int) -> None:
        """Refuse the allocation of this number, counted from 1."""

    def disarm(self) -> bool:
        """Refuse none any more; whether that one was asked for, if it is known."""


class Interpreter:
    """Memory of Python's own objects; some of it can be done without."""

    quiet = 12

    def __init__(self) -> None:
        testcapi = importlib.import_module("_testcapi")
        self._set, self._remove = testcapi.set_nomemory, testcapi.remove_mem_hooks

    def arm(self, number: int) -> None:
        self._set(number, number + 1)

    def disarm(self) -> bool:
        self._remove()
        return False


class Malloc:
    """Workspaces of kernels and the data of arrays; the library is preloaded."""

    quiet = 1

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.fail_at.argtypes = [ctypes.c_long]
        self._library.disarm.restype = ctypes.c_long
        self._number = 0

    def arm(self, number: int) -> None:
        self._number = number
        self._library.fail_at(number)

    def disarm(self) -> bool:
        return bool(self._library.disarm() >= self._number)


def starved(call: suite.Call, fault: Fault) -> Tally:
    """One call, with each of its allocations failing in turn."""
    expected, inputs = suite.expected(call), suite.digest(call.inputs)
    tally, quiet = Tally(tried=1), 0
    for number in itertools.count(1):
        call.reset()
        error, results, asked = None, None, False
        try:
            fault.arm(number)
            results = call.run()
        except Exception as caught:
            error = caught
        finally:
            asked = fault.disarm()
        if error is None and not asked:
            quiet += 1
            if quiet == fault.quiet:
                break
        else:
            quiet = 0
            tally.faults += 1
        if error is not None and (word := _elsewhere(error)):
            tally.notes.append(word)
        elif wrong := _wrong(error, results, expected):
            tally.lost.append(f"{call.name}, {type(fault).__name__.lower()}, allocation {number}: {wrong}")
        if suite.digest(call.inputs) != inputs or suite.expected(call) != expected:
            tally.lost.append(f"{call.name}, {type(fault).__name__.lower()}, allocation {number}: next call, {error!r}")
        results = None
    return tally


def _wrong(error: Exception | None, results: list[Array] | None, expected: str) -> str | None:
    """What is wrong with the outcome of a call whose memory ran out."""
    if error is not None and not isinstance(error, MemoryError):
        return f"{type(error).__name__}: {error}"
    if results is not None and suite.digest(results) != expected:
        return "another result, and no error"
    return None


def _elsewhere(error: Exception) -> str | None:
    """Where an error of another kind comes from that is not made here: NumPy's iterators and Python's locks."""
    line = traceback.extract_tb(error.__traceback__)[-1].line or ""
    if isinstance(error, SystemError) and not KERNEL.search(line):
        return "an iterator of NumPy, without memory, raises SystemError"
    if isinstance(error, RuntimeError) and "allocate lock" in str(error):
        return "a lock of Python, without memory, raises RuntimeError"
    return None


def _faults() -> list[Fault]:
    """The ways that there are in this process."""
    found: list[Fault] = []
    if hasattr(ctypes.CDLL(None), "fail_at"):
        found.append(Malloc())
    if importlib.util.find_spec("_testcapi"):
        found.append(Interpreter())
    return found


def attack_here(n: int, seed: int) -> Tally:
    """The attack, in a process with the preloaded library."""
    fc.set_num_threads(1)
    rng, faults = np.random.default_rng(seed), _faults()
    calls = [*suite.functions(), *suite.trainings(), *suite.convolutions(100, rng)]
    order = rng.permutation(len(calls))
    pairs = [(calls[i], fault) for i in order for fault in faults]
    tally = supervise(lambda i: starved(*pairs[i]), min(n, len(pairs)), chunk=1)
    tally.lost = [CASE.sub(lambda found: pairs[int(found[1])][0].name, lost) for lost in tally.lost]
    return tally


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Each allocation of `n` calls fails in turn."""
    with tempfile.TemporaryDirectory() as folder:
        library = compiled("failing_malloc.c", folder)
        tally = prepared(attack_here, n, int(rng.integers(2**31)), **({"LD_PRELOAD": library} if library else {}))
    tally.notes = [f"{count} times: {note}" for note, count in Counter(tally.notes).items()]
    if library is None:
        tally.notes.append("no C compiler for Linux: only the interpreter's own allocations failed")
    return tally


PROMISES = [
    Promise(
        "exhaustion",
        "memory that runs out, at any allocation of a call, is an exception, and the next call is right",
        12,
        700,
        attack,
    )
]
