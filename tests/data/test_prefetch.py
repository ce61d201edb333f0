"""Batches made ahead in a thread."""

import signal
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from subprocesses import output

from fastconv.data import DataLoader
from fastconv.data._prefetch import made_ahead

X = np.arange(40, dtype=np.float32).reshape(40, 1)
Y = np.arange(40)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "fastconv-prefetch"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert threads() == []


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("items", [0, 1, 10])
def test_all_items_in_order(count, items):
    assert list(made_ahead(iter(range(items)), count)) == list(range(items))


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_ahead_and_no_more(count):
    made = []

    def items():
        for i in range(20):
            made.append(i)
            yield i

    iteration = made_ahead(items(), count)
    for i in iteration:
        limit = time.monotonic() + 10
        while len(made) < min(i + 1 + count, 20) and time.monotonic() < limit:
            time.sleep(0.001)
        time.sleep(0.002)
        assert len(made) == min(i + 1 + count, 20)
        if i == 5:
            break
    iteration.close()


def test_it_works_while_the_consumer_does():
    """Waiting times of both overlap."""

    def items():
        for i in range(10):
            time.sleep(0.02)
            yield i

    start = time.perf_counter()
    for _ in made_ahead(items(), 2):
        time.sleep(0.02)
    assert time.perf_counter() - start < 0.35  # one after the other: 0.4


def failing(images):
    if 12 in images:
        raise ZeroDivisionError("the batch with 12")
    return images


@pytest.mark.parametrize("prefetch", [0, 1, 5])
def test_errors_come_where_the_batch_would_have(prefetch):
    seen = []
    with pytest.raises(ZeroDivisionError, match="the batch with 12") as caught:
        for _, y in DataLoader(X, Y, 5, transform=failing, prefetch=prefetch):
            seen.append(y[0])
    assert seen == [0, 5] and any(entry.name == "failing" for entry in caught.traceback)


def test_a_loop_that_is_left_stops_the_thread():
    for _ in DataLoader(X, Y, 5, prefetch=3):
        assert len(threads()) == 1
        break
    assert threads() == []


def test_an_error_in_the_loop_stops_the_thread():
    def train():
        for _ in DataLoader(X, Y, 5, prefetch=3):
            raise KeyError("in the loop")

    with suppress(KeyError):
        train()
    assert threads() == []


def test_an_iteration_never_begun_has_no_thread():
    iter(DataLoader(X, Y, 5, prefetch=3))
    assert threads() == []


def test_settings_of_the_caller_hold_in_the_thread():
    loader = DataLoader(X, Y, 40, transform=lambda images: images / 0, prefetch=1)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        next(iter(loader))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_while_waiting_for_a_batch():
    """The signal comes while the main thread waits for a slow transform."""
    code = """
import signal, threading, time
import numpy as np
from fastconv.data import DataLoader

def slow(images):
    time.sleep(0.3)
    return images

signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    for _ in DataLoader(np.ones((4, 1)), np.arange(4), 1, transform=slow, prefetch=1):
        print("a batch")
except KeyboardInterrupt:
    pass
print(threading.active_count())
"""
    assert output(code) == "1"


def test_an_open_iteration_does_not_hold_up_the_end_of_the_program():
    code = """
import numpy as np
from fastconv.data import DataLoader
iteration = iter(DataLoader(np.ones((4, 1)), np.arange(4), 1, prefetch=1))
next(iteration)
print("end")
"""
    assert output(code) == "end"
