"""One case is one call, or a call that makes something and a few of its methods."""

import inspect
import os
import resource
import signal
import socket
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable
from functools import partial
from itertools import islice
from types import FrameType
from typing import Any

import numpy as np

from fastconv import nn

from ..promise import Tally
from ..supervised import supervise
from . import targets, values

SECONDS = 20
ROOM = 1 << 30
"""Bytes that a call may allocate."""
LARGEST_FILE = 1 << 20


class TooLong(BaseException):
    """A call that was asked for much work did much work; Ctrl-C would have ended it too."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong


def _confine() -> None:
    """In the child, once: little memory, small files, no network, a folder of its own."""
    if signal.getsignal(signal.SIGALRM) is _too_long:
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.chdir(tempfile.mkdtemp(prefix="fastconv-survival-", dir=_folder))
    sys.modules["torch"] = None  # type: ignore[assignment]  # its import ends a process that has little memory
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # some calls print

    def refuse(*args: Any, **given: Any) -> Any:
        raise OSError("no network here")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse


_folder = ""


def _arguments(target: targets.Target, rng: np.random.Generator) -> dict[str, Any]:
    """Valid ones, of which some are replaced and some that have a default are given."""
    given = target.arguments(rng)
    names = list(target.names) or list(given)
    for _ in range(int(rng.choice([0, 1, 1, 1, 2, 2, 3]))):
        name = names[rng.integers(len(names))]
        given[name] = values.near(given[name], rng) if name in given and rng.random() < 0.6 else values.draw(rng)
    if rng.random() < 0.03 and given:
        del given[list(given)[rng.integers(len(given))]]
    return given


def _method(thing: Any, name: str, own: list[Any], rng: np.random.Generator) -> None:
    """Call a method with what fits, or with anything."""
    method = getattr(thing, name)
    if name == "__iter__":
        for _ in islice(iter(thing), 3):
            pass
        return
    try:
        wanted = [p for p in inspect.signature(method).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):
        wanted = []
    count = len(own) if name in ("__call__", "forward") else len([p for p in wanted if p.default is p.empty])
    given = [values.near(x, rng) if rng.random() < 0.5 else x for x in own[:count]]
    given += [values.draw(rng) for _ in range(count - len(given))]
    if rng.random() < 0.1:
        given.append(values.draw(rng))
    result = method(*given)
    if name == "__call__" and isinstance(thing, nn.Module) and isinstance(result, np.ndarray | float):
        back = values.near(result, rng) if rng.random() < 0.5 else result
        thing.backward(*([] if isinstance(result, float) else [back]))


def _use(thing: Any, own: list[Any], rng: np.random.Generator, said: list[str]) -> None:
    """A few methods of what a call has made."""
    names = targets.methods(thing)
    for _ in range(int(rng.integers(1, 4)) if names else 0):
        name = names[rng.integers(len(names))]
        said.append(name)
        _method(thing, name, own, rng)


def _allowed(error: BaseException, target: targets.Target, said: list[str]) -> bool:
    """Whether a call may raise this."""
    if isinstance(error, TypeError | ValueError | MemoryError | values.Hostile | TooLong):
        return True
    if isinstance(error, zlib.error) and "-4" in str(error):  # no memory for what is decompressed
        return True
    if isinstance(error, ImportError) and "pip install" in str(error):  # an extra
        return True
    if isinstance(error, OSError | ImportError):
        return target.name in targets.FILES or any("save" in name or "load" in name for name in said)
    if isinstance(error, AttributeError) and said[-1:] and said[-1].startswith("get_"):  # there is no such part
        return "there is no " in str(error)
    if isinstance(error, FloatingPointError) and said[-1:] == ["fit"]:
        return "the loss is " in str(error)
    if isinstance(error, LookupError) and said[-1:] == ["pop"]:  # as of a list or dict
        return True
    # `backward` before `forward`; what a subclass is to write
    return type(error) in (RuntimeError, NotImplementedError) and bool(said)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    try:
        return repr(value)[:60]
    except values.Hostile:
        return type(value).__name__


def _case(seed: int, i: int) -> Tally:
    _confine()
    rng = np.random.default_rng((seed, i))
    target, said = targets.draw(rng), list[str]()
    given: dict[str, Any] = {}
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        given = _arguments(target, rng)
        if rng.random() < 0.02:
            target.function(*given.values(), *(values.draw(rng) for _ in range(rng.integers(0, 4))))
        else:
            thing = target.function(**given)
            _use(thing, targets.inputs(target.name), rng, said)
    except BaseException as error:
        if not _allowed(error, target, said):
            shown = ", ".join(f"{name}={_shown(value)}" for name, value in given.items())
            call = ".".join([f"{target.name}({shown})", *said])
            return Tally(1, lost=[f"case {i}: {call}: {type(error).__name__}: {str(error)[:150]}"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Tally(1)


def attack(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls, in forks that have little memory, small files and no network."""
    global _folder
    with tempfile.TemporaryDirectory() as _folder:
        case: Callable[[int], Tally] = partial(_case, int(rng.integers(2**31)))
        return supervise(case, n, seconds=300, chunk=5000)
