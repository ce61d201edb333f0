"""Kernels that check themselves: a build with AddressSanitizer and UndefinedBehaviorSanitizer finds nothing.

The build is made here when it is needed (minutes), with one instruction set, or by hand:

    FASTCONV_SANITIZE=1 FASTCONV_BUILD_ISAS=x86_64_v3 python setup.py build --build-base build/sanitized
"""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

import fastconv as fc
from fastconv import _backend

from . import suite
from .drawn import FAMILIES, Normals, draw, run
from .prepared import ROOT, prepared
from .promise import Promise, Tally
from .supervised import supervise
from .survival import attack as survive

ISA = "x86_64_v3"
BUILD = {"FASTCONV_SANITIZE": "1", "FASTCONV_BUILD_ISAS": ISA}
TESTS = ("tests/kernels", "-k", "x86_64_v3")
COUNT = re.compile(r"(\d+) passed")


def built() -> Path | None:
    """The folder of the checked package, if it has been built."""
    return next(iter(ROOT.glob("build/sanitized/lib*")), None)


def build() -> None:
    """Build what is not up to date."""
    command = [sys.executable, "setup.py", "-q", "build", "--build-base", "build/sanitized"]
    subprocess.run(command, cwd=ROOT, env=os.environ | BUILD, check=True, stdout=sys.stderr)


def _environment(package: Path) -> dict[str, str]:
    """Variables for a Python that runs the checked kernels."""
    # The second one because exceptions of C++, as matplotlib throws them, end a process that loads it later.
    found = [
        subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("libasan.so", "libstdc++.so.6")
    ]
    return {
        "LD_PRELOAD": " ".join(found), "PYTHONPATH": str(package), "FASTCONV_ISA": ISA, "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:strict_string_checks=1",
        "PYTHONSAFEPATH": "1", "UBSAN_OPTIONS": "print_stacktrace=1", "FASTCONV_NUM_THREADS": "2",
    }  # fmt: skip


def _here() -> None:
    """Fail unless the kernels are the checked ones."""
    if "build/sanitized" not in str(Path(fc.__file__)) or _backend.ISA != ISA:
        raise AssertionError(f"these are not the checked kernels: {fc.__file__}, {_backend.ISA}")


def _call(seed: int, i: int) -> Tally:
    a = Normals((np.float32, np.float64)[i % 2], seed=seed + i, batch=i % 3 + 1)
    pair = draw(FAMILIES, a)
    run(pair.forward)
    run(pair.backward)
    return Tally(2)


def fuzz(n: int, seed: int) -> Tally:
    """`n` calls: the whole suite with two threads, drawn ones of every shape, and any argument at all."""
    _here()
    fc.set_num_threads(2)
    total = Tally()
    if n >= 5000:
        for call in (*suite.functions(), *suite.convolutions(), *suite.trainings()):
            call.reset()
            call.run()
            total.tried += 1
    drawn = (n - total.tried) * 2 // 3
    total += supervise(partial(_call, seed), drawn // 2)
    total += survive(n - total.tried, np.random.default_rng(seed))
    return total


def _tests(package: Path) -> Tally:
    """The kernels' own tests."""
    environment = os.environ | _environment(package)
    environment["PYTHONPATH"] = os.pathsep.join((environment["PYTHONPATH"], str(ROOT / "tests")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *TESTS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    passed = int(found[1]) if (found := COUNT.search(done.stdout)) else 0
    return Tally(passed, lost=[] if done.returncode == 0 else [done.stdout[-3000:] + done.stderr[-3000:]])


def attack(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls, and in larger runs the kernels' tests."""
    if not shutil.which("gcc") or ISA not in _backend.runnable():
        return Tally(notes=["no gcc here, or no AVX2"])
    if n:
        build()
    package = built()
    if package is None or not n:
        return Tally(notes=["only in larger runs, as it needs a build of its own"])
    tally = prepared(fuzz, n, int(rng.integers(2**31)), **_environment(package))
    return tally + _tests(package) if n >= 5000 else tally


PROMISES = [
    Promise(
        "sanitizers",
        "AddressSanitizer and UndefinedBehaviorSanitizer find nothing in the kernels",
        0,
        100_000,
        attack,
    )
]
