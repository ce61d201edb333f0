"""Signals that end a run where it can go on later."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

import numpy as np

from ..distributed.communicator import SERIAL, Communicator

SIGNALS = signal.SIGINT, signal.SIGTERM


class Interrupted(BaseException):
    """A signal has come, at a place where the run can end."""


class Interruption:
    """While entered, keeps SIGINT and SIGTERM for places where a run can end: leaving acts on them.

    Of several ranks, all end at the same place, and wherever a signal came to one it acts on all.

    What a signal does is what it did before: SIGINT raises KeyboardInterrupt and SIGTERM ends the process, unless
    someone has set another handler. A second signal acts at once. Outside of the main thread, which alone can set
    handlers, and for a signal that is ignored, nothing changes.

    Parameters
    ----------
    wanted : bool
        False: nothing changes at all.
    communicator : Communicator
    """

    def __init__(self, wanted: bool, communicator: Communicator = SERIAL) -> None:
        self._communicator = communicator
        self._wanted = wanted and threading.current_thread() is threading.main_thread()
        self._before: dict[int, Any] = {}
        self._came: int | None = None
        self._anywhere = False

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self._came is not None:
            raise Interrupted

    def check_together(self, stop: bool) -> bool:
        """The same for signals to any rank; whether any of them wants to `stop`."""
        if self._communicator.size > 1:
            told = np.array([stop, *(self._came == number for number in SIGNALS)], np.int64)
            self._communicator.allreduce(told)
            stop = bool(told[0])
            for number, count in zip(SIGNALS, told[1:], strict=True):
                self._came = number if count else self._came
        self.check()
        return stop

    @contextmanager
    def anywhere(self) -> Iterator[None]:
        """Within this block, a signal raises `Interrupted` at once: what the block changes is to be put back then.

        Not where other ranks would wait for this one.
        """
        if self._communicator.size == 1:
            self.check()
            self._anywhere = True
        try:
            yield
        finally:
            self._anywhere = False

    def __enter__(self) -> Self:
        for number in SIGNALS if self._wanted else ():
            # None: set by something other than Python, which could not be put back.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._keep)
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._put_back()
        if self._came is not None and kind is None:  # an error ends the run as well, and has more to tell
            signal.raise_signal(self._came)

    def _keep(self, number: int, frame: FrameType | None) -> None:
        if self._came is None:
            self._came = number
            if self._anywhere:
                raise Interrupted
            return
        self._came = None
        self._put_back()
        signal.raise_signal(number)

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
