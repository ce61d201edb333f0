"""The tests themselves, each in several threads at once, by pytest-run-parallel."""

import importlib.util
import re
import subprocess
import sys

import numpy as np

from .prepared import ROOT
from .promise import Promise, Tally

THREADS = 4
FILES = ("tests/functional/test_repeatability.py", "tests/functional/test_out.py", "tests/functional", "tests/nn")
APART = "tests/functional/test_error_contract.py"  # thousands of calls that compute nothing
COUNT = re.compile(r"(\d+) passed")


def attack(n: int, rng: np.random.Generator) -> Tally:
    """`n` tests: those of all functions and layers, or in a small run of two files."""
    if not importlib.util.find_spec("pytest_run_parallel"):
        return Tally(notes=["pytest-run-parallel is not installed"])
    files = FILES[2:] if n >= 1000 else FILES[:2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--parallel-threads={THREADS}"]
    done = subprocess.run(
        [*command, f"--ignore={APART}", *files], cwd=ROOT, capture_output=True, text=True, timeout=7200
    )
    found = COUNT.search(done.stdout)
    return Tally(int(found[1]) if found else 0, lost=[] if done.returncode == 0 else [done.stdout[-3000:]])


PROMISES = [
    Promise(
        "parallel-tests",
        "the tests of functions and layers pass when each runs in four threads at once",
        250,
        5000,
        attack,
    )
]
