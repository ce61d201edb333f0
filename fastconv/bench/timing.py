"""Times that can be compared: contestants take turns in one process, so that noise of the machine meets all of them."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from statistics import median
from typing import Any, NamedTuple

ROUNDS = 15
BLOCK_SECONDS = 0.02
LEAST_CALLS, MOST_CALLS = 5, 200
SLOW_SECONDS = 0.05
SLOW_BUDGET_SECONDS = 1.5


class Contestant(NamedTuple):
    """A call, where it runs (a context), and how long its first call took."""

    call: Callable[[], Any]
    context: Callable[[], AbstractContextManager[Any]]
    first_seconds: float


def block(contestant: Contestant) -> float:
    """Median seconds of the calls of one turn.

    The first call of a turn does not count: threads of the one before may still spin, and caches hold its data. A
    call that takes long has neither worry; it is made once.
    """
    seconds = []
    with contestant.context():
        if contestant.first_seconds > SLOW_SECONDS:
            calls = 1
        else:
            start = time.perf_counter()
            contestant.call()
            once = time.perf_counter() - start
            calls = min(max(int(BLOCK_SECONDS / max(once, 1e-9)), LEAST_CALLS), MOST_CALLS)
        for _ in range(calls):
            start = time.perf_counter()
            contestant.call()
            seconds.append(time.perf_counter() - start)
    return median(seconds)


def compete(contestants: Mapping[str, Contestant], reference: str, rounds: int) -> dict[str, tuple[float, float]]:
    """For each name: its median milliseconds, and the median over rounds of its time over the reference's.

    Every round gives each contestant one turn. One that is slow sits out the later rounds once it has used its budget.
    Before the first round each makes a call that does not count: layers are recorded in the second call with a shape,
    and memory is new then.
    """
    for contestant in contestants.values():
        with contestant.context():
            contestant.call()
    turns: dict[str, list[float]] = {name: [] for name in contestants}
    ratios: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        now = {}
        for name, contestant in contestants.items():
            if not turns[name] or sum(turns[name]) < SLOW_BUDGET_SECONDS:
                now[name] = block(contestant)
                turns[name].append(now[name])
        for name, seconds in now.items():
            if reference in now:
                ratios[name].append(seconds / now[reference])
    return {name: (1e3 * median(turns[name]), median(ratios[name])) for name in contestants}
