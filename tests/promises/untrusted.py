"""Reading a file that nobody vouches for: what it may lead to, and what it must not."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# What code that came with a file would have to do; reading one compiles no more than the literals of a header.
_FORBIDDEN = (
    "exec", "pickle.", "marshal.load", "code.__new__", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.mkdir",
    "os.remove", "os.rename", "shutil.", "subprocess.", "socket.", "ctypes.",
)  # fmt: skip
_MEMORY = 2**24  # for files of a few kilobytes

_seen: list[str] = []
_listening: list[int] = []  # processes


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        _seen.append(event)


@contextmanager
def _little_memory() -> Iterator[None]:
    """Let this process have hardly more memory than it has."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def attempt(load: Callable[[], object]) -> tuple[ValueError | None, list[str]]:
    """Load in a process that was forked for it: the error that refused the file, and what must not have happened."""
    if os.getpid() not in _listening:
        sys.addaudithook(_listen)
        _listening.append(os.getpid())
    refused, wrong = None, []
    try:
        with _little_memory():
            _seen.clear()
            load()
    except ValueError as error:
        refused = error
    except BaseException as error:
        wrong.append(f"raised {error!r}"[:300])
    return refused, wrong + [f"did {event}" for event in _seen]
