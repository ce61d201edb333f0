"""Reading a file that nobody vouches for: what it may lead to, and what it must not."""

import os
import resource
import sys
from collections.abc import Callable
from typing import Any

# What code that came with a file would have to do; reading one compiles no more than the literals of a header.
_FORBIDDEN = ("exec", "pickle.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.", "ctypes.", "socket.",
              "marshal.load", "code.__new__", "os.mkdir", "os.remove", "os.rename", "shutil.")  # fmt: skip
_MEMORY = 2**24  # for files of a few kilobytes

_seen: list[str] = []
_guarded: list[int] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        _seen.append(event)


def _guard() -> None:
    """From now on this process gets little memory, and is listened to."""
    if os.getpid() not in _guarded:
        _guarded.append(os.getpid())
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        sys.addaudithook(_listen)


def attempt(load: Callable[[], object]) -> tuple[ValueError | None, list[str]]:
    """Load in a process that was forked for it: the error that refused the file, and what must not have happened."""
    _guard()
    _seen.clear()
    refused, wrong = None, []
    try:
        load()
    except ValueError as error:
        refused = error
    except BaseException as error:
        wrong.append(f"raised {error!r}"[:300])
    return refused, wrong + [f"did {event}" for event in _seen]
