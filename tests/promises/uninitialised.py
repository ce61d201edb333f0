"""No result depends on what memory held before: the same hashes over two contents of it, and valgrind's memcheck.

The two runs differ in what `malloc` hands out and leaves behind (``MALLOC_PERTURB_``), and in what `numpy.empty` holds,
which also reaches the small arrays whose memory NumPy keeps. Memcheck watches the kernels for AVX2, which it emulates,
and is asked of every result whether all its bits are defined.
"""

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import _backend
from fastconv._arrays import Array

from . import suite
from .prepared import compiled, prepared
from .promise import Promise, Tally

CONTENTS = (85, 170)
"""Bytes that memory holds in one run and in the other."""

ISA = "x86_64_v3"


def _calls(n: int, seed: int) -> list[suite.Call]:
    """`n` calls: all kinds equally often, until one has no more."""
    rng = np.random.default_rng(seed)
    kinds = [list(suite.functions()), list(suite.trainings() if n > 20 else ()), list(suite.convolutions(n, rng))]
    chosen: list[suite.Call] = []
    for i, kind in enumerate(kinds):
        share = (n - len(chosen)) // (len(kinds) - i)
        chosen += [kind[j] for j in rng.permutation(len(kind))[:share]]
    return chosen


def _filled(make: Callable[..., Array], content: int) -> Callable[..., Array]:
    def filled(*args: Any, **options: Any) -> Array:
        array = make(*args, **options)
        if array.dtype.kind in "biuf" and array.flags.c_contiguous:
            array.reshape(-1).view(np.uint8)[...] = content
        return array

    return filled


def hashes(n: int, seed: int, content: int) -> Tally:
    """The hashes of `n` calls, as notes."""
    for name in ("empty", "empty_like"):
        setattr(np, name, _filled(getattr(np, name), content))
    fc.set_num_threads(1)
    calls = _calls(n, seed)
    return Tally(len(calls), notes=[f"{call.name} {suite.expected(call)}" for call in calls])


def attack_contents(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls, each over two contents of memory."""
    seed = int(rng.integers(2**31))
    one, other = (
        prepared(hashes, n, seed, content, MALLOC_PERTURB_=str(content), PYTHONMALLOC="malloc", MALLOC_ARENA_MAX="1")
        for content in CONTENTS
    )
    differing = [a.rpartition(" ")[0] for a, b in zip(one.notes, other.notes, strict=True) if a != b]
    return Tally(one.tried, lost=one.lost + other.lost + differing)


def watched(n: int, seed: int, library: str) -> Tally:
    """Under memcheck: `n` calls, whose results are defined; what goes wrong inside of kernels stands in the log."""
    defined = ctypes.CDLL(library).first_undefined
    defined.restype, defined.argtypes = ctypes.c_ssize_t, [ctypes.c_void_p, ctypes.c_size_t]
    fc.set_num_threads(1)
    tally = Tally()
    for call in _calls(n, seed):
        call.reset()
        tally.tried += 1
        print(call.name, flush=True)
        for number, array in enumerate(call.run()):
            at = defined(array.ctypes.data, array.nbytes) if array.flags.c_contiguous else -1
            if at >= 0:
                tally.lost.append(f"{call.name}: byte {at} of result {number} is not defined")
    return tally


def complaints(log: str) -> list[str]:
    """What memcheck says of our kernels."""
    reports = re.split(r"\n==\d+== \n", log)
    return [re.sub(r"==\d+== ", "", report)[:1500] for report in reports
            if "fastconv/_kernels" in report and re.search(r"==\s+(at|by) 0x", report)]


def attack_memcheck(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls under valgrind."""
    if not n:
        return Tally(notes=["only in larger runs, as valgrind takes half a minute to begin"])
    header = Path("/usr/include/valgrind/memcheck.h")
    if not shutil.which("valgrind") or not header.exists() or ISA not in _backend.runnable():
        return Tally(notes=["no valgrind here, or no AVX2"])
    with tempfile.TemporaryDirectory() as folder:
        library, log = compiled("undefined.c", folder), Path(folder, "log")
        if library is None:
            return Tally(notes=["no C compiler for Linux"])
        tally = prepared(
            watched, n, int(rng.integers(2**31)), library, PYTHONMALLOC="malloc", FASTCONV_ISA=ISA,
            OPENBLAS_NUM_THREADS="1", prefix=["valgrind", f"--log-file={log}", "--num-callers=30"],
        )  # fmt: skip
        tally.lost += complaints(log.read_text(encoding="utf-8", errors="replace"))
        if kept := os.environ.get("FASTCONV_MEMCHECK_LOG"):
            shutil.copy(log, kept)
    return tally


PROMISES = [
    Promise(
        "contents",
        "results do not depend on what memory held before: the same hashes for two values of `MALLOC_PERTURB_`",
        60,
        2000,
        attack_contents,
    ),
    Promise(
        "memcheck",
        "valgrind finds no use of undefined memory, and none beyond a block, in the kernels for AVX2",
        0,
        2000,
        attack_memcheck,
    ),
]
