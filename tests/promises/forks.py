"""Forks after use, the three ways to start processes, and many Python threads: every result has the right bits."""

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import fastconv as fc

from . import suite
from .promise import Promise, Tally

SPAWNS = 50  # forks for each process that is started from nothing
THREADS = 8


def _small(rng: np.random.Generator, n: int) -> list[tuple[suite.Call, str]]:
    """Some calls of all kinds, and their hashes."""
    calls = [*suite.functions(), *suite.convolutions(60, rng)]
    return [(calls[i], suite.expected(calls[i])) for i in rng.choice(len(calls), n, replace=False)]


def _wrong(calls: list[tuple[suite.Call, str]]) -> list[str]:
    """Calls that give something else than they should."""
    return [call.name for call, expected in calls if suite.expected(call) != expected]


def _in_fork(check: Callable[[], list[str]]) -> str | None:
    """What goes wrong in a fork of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            fc.set_num_threads(2)  # has no effect in a fork
            code = 2 if check() or fc.get_num_threads() != 1 else 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: None, 1: "an error", 2: "a wrong result"}.get(code, f"the child ended by {code}")


def _fresh(seed: int) -> list[str]:
    """What goes wrong in a process that was started in some way."""
    return _wrong(_small(np.random.default_rng(seed), 5))


def _started(method: str, seed: int) -> str | None:
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        wrong = pool.apply_async(_fresh, (seed,)).get(600)
    return f"{method}: {wrong}" if wrong else None


def attack_forks(n: int, rng: np.random.Generator) -> Tally:
    """`n` forks, after calls with two threads and while other Python threads compute; some of them fork again."""
    tally = Tally()
    if not hasattr(os, "fork"):
        return Tally(notes=["a system without fork"])
    fc.set_num_threads(2)
    calls = _small(rng, 40)
    large = np.ones((8, 16, 32, 32), np.float32), np.ones((16, 16, 3, 3), np.float32)
    training = next(suite.trainings())
    expected = suite.expected(training)
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            fc.functional.conv2d(*large)

    for i in range(n):
        fc.functional.conv2d(*large)
        chosen = [calls[j] for j in rng.integers(len(calls), size=3)]
        beside = threading.Thread(target=compute)
        if i % 4 == 3:
            stop.clear()
            beside.start()

        def check(again: bool = i % 8 == 0, chosen: list[tuple[suite.Call, str]] = chosen) -> list[str]:
            fc.functional.conv2d(*large)
            found = _wrong([*chosen, (training, expected)])
            deeper = _in_fork(lambda: _wrong(chosen)) if again else None
            return found + ([deeper] if deeper else [])

        wrong = _in_fork(check)
        if i % 4 == 3:
            stop.set()
            beside.join()
        tally.tried += 1
        if wrong or _wrong(chosen) or fc.get_num_threads() != 2:
            tally.lost.append(f"fork {i}: {wrong or 'a wrong result in the parent'}")
    for i in range(max(1, n // SPAWNS)):
        for method in multiprocessing.get_all_start_methods():
            tally.tried += 1
            if wrong := _started(method, i):
                tally.lost.append(wrong)
    return tally


def attack_threads(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls in eight Python threads: functions, a network in eval mode that all share, one each in training."""
    calls = _small(rng, 120)
    trainings = list(suite.trainings())
    own = [trainings[i] for i in rng.choice(len(trainings), THREADS, replace=False)]
    calls_of = [[*calls, (training, suite.expected(training))] for training in own]
    shared = fc.models.lenet5(rng=0).eval()
    images = [np.ones((size, 1, 32, 32), np.float32) for size in (1, 2, 3)]
    outputs = [shared(x) for x in images]
    seeds = rng.integers(2**31, size=THREADS)
    start = threading.Barrier(THREADS)

    def work(index: int) -> list[str]:
        mine, lost = np.random.default_rng(seeds[index]), []
        start.wait()
        for _ in range(n // THREADS):
            kind = mine.integers(8)
            if kind == 0:
                fc.set_num_threads(int(mine.integers(1, 5)))
            if kind == 1:
                i = mine.integers(len(images))
                if not np.array_equal(shared(images[i]), outputs[i]):
                    lost.append("the shared network")
                continue
            call, expected = calls_of[index][-1 if kind == 2 else mine.integers(len(calls))]
            if suite.expected(call) != expected:
                lost.append(call.name)
        return lost

    interval, threads = sys.getswitchinterval(), fc.get_num_threads()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            lost = [name for found in pool.map(work, range(THREADS)) for name in found]
    finally:
        sys.setswitchinterval(interval)
        fc.set_num_threads(threads)
    return Tally(tried=n // THREADS * THREADS, lost=lost)


PROMISES = [
    Promise(
        "forks",
        "forks after use, beside threads and of forks, and processes by every start method, compute the right bits",
        20,
        1000,
        attack_forks,
    ),
    Promise(
        "threads",
        "eight Python threads that call everything, share a network and train their own get the right bits",
        1500,
        10_000,
        attack_threads,
    ),
]
