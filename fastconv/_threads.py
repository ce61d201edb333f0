"""How many threads a kernel call may use, and why: what the process may really use, unless someone said otherwise."""

import importlib
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._geometry import is_integer

MOST = 1024


def _parallel() -> Any:
    try:
        return importlib.import_module("fastconv._kernels.parallel")
    except ModuleNotFoundError:  # built without extensions: the other backends are serial
        return None


def _quota(cgroup: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """CPUs that the control groups of this process allow, or None without a limit. Reads version 2 and version 1."""
    limits = []
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers == "":
            root = cgroup
        elif "cpu" in controllers.split(","):
            root = cgroup / controllers if (cgroup / controllers).is_dir() else cgroup / "cpu"
        else:
            continue
        group = root / own.lstrip("/")
        for folder in (group, *group.parents):  # a limit anywhere above holds too
            try:
                if controllers == "":
                    quota, period = (folder / "cpu.max").read_text().split()
                else:
                    quota = (folder / "cpu.cfs_quota_us").read_text().strip()
                    period = (folder / "cpu.cfs_period_us").read_text().strip()
                if quota != "max" and int(quota) > 0:
                    limits.append(int(quota) / int(period))
            except (OSError, ValueError, ZeroDivisionError):
                pass
            if folder == root:
                break
    return min(limits, default=None)


def _usable() -> tuple[int, str]:
    try:
        count, reason = len(os.sched_getaffinity(0)), "CPUs that this process may run on"
    except AttributeError:  # systems without affinity
        count, reason = os.cpu_count() or 1, "CPUs"
    quota = _quota()
    if quota is not None and math.ceil(quota) < count:
        count, reason = max(1, math.ceil(quota)), "CPU quota of the control group"
    return min(count, MOST), reason


def default_threads() -> tuple[int, str]:
    """The count to start with, and where it comes from."""
    own = os.environ.get("FASTCONV_NUM_THREADS")
    if own:
        if own.strip().isdecimal() and 1 <= int(own) <= MOST:
            return int(own), "FASTCONV_NUM_THREADS"
        warnings.warn(
            f"FASTCONV_NUM_THREADS={own!r} is not an integer from 1 to {MOST}; using the default",
            RuntimeWarning,
            stacklevel=2,
        )
    shared = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if shared.isdecimal() and 1 <= int(shared) <= MOST:
        return int(shared), "OMP_NUM_THREADS"
    return _usable()


_in_fork = False
_count, _reason = default_threads()


def _apply(count: int, reason: str) -> None:
    global _count, _reason
    _count, _reason = count, reason
    parallel = _parallel()
    if parallel is not None:
        parallel.set_threads(count)


def _after_fork() -> None:
    global _in_fork
    _in_fork = True
    _apply(1, "this process is a fork")


def share(processes: int) -> None:
    """Use as many threads as are left for one of so many processes on the same CPUs, unless a count was set."""
    if _reason == _usable()[1] and processes > 1:
        _apply(max(1, _count // processes), f"{_reason}, shared by {processes} ranks")


def _checked(function: str, n: object) -> int:
    if not is_integer(n):
        raise TypeError(f"{function}: n must be an int, got {type(n).__name__}")
    count: int = int(n)  # type: ignore[call-overload]
    if not 1 <= count <= MOST:
        raise ValueError(f"{function}: n must be from 1 to {MOST}, got {count}")
    return count


def get_num_threads() -> int:
    """Number of threads that a large call uses.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.get_num_threads() >= 1
    True
    """
    return _count


def set_num_threads(n: int) -> None:
    """Let calls in this process use up to `n` threads. Results have the same bits for every `n`.

    Parameters
    ----------
    n : int
        1 to 1024. In a process made by ``fork`` it stays at 1: OpenMP does not survive a fork.

    Raises
    ------
    TypeError, ValueError
        `n` is not an int, or out of range.

    Examples
    --------
    >>> import fastconv as fc
    >>> before = fc.get_num_threads()
    >>> fc.set_num_threads(1)
    >>> fc.set_num_threads(before)
    """
    count = _checked("set_num_threads", n)
    if not _in_fork:
        _apply(count, "set_num_threads")


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use up to `n` threads inside a ``with`` block; the count before comes back at its end. Holds process-wide.

    Parameters
    ----------
    n : int
        1 to 1024.

    Raises
    ------
    TypeError, ValueError
        `n` is not an int, or out of range.

    Examples
    --------
    >>> import fastconv as fc
    >>> with fc.threads(1):
    ...     fc.get_num_threads()
    1
    """
    count, before = _checked("threads", n), (_count, _reason)
    if not _in_fork:
        _apply(count, "threads()")
    try:
        yield
    finally:
        if not _in_fork:
            _apply(*before)


def describe() -> dict[str, Any]:
    """The count, its reason, and whether the kernels can use it."""
    parallel = _parallel()
    return {"count": _count, "reason": _reason, "openmp": parallel is not None and bool(parallel.OPENMP)}


_apply(_count, _reason)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
