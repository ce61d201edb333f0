"""The tests, run once on unchanged kernels and then on each mutant: `python -m tests.promises.mutants.trials FOLDER`.

All tests are collected once. Every run is a child that was forked after that, and on a mutant runs only the tests that
reach it, those first that have killed before. A child that crashes, or that takes much longer than its test did before,
has killed its mutant too.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import pytest

EXTRA_SECONDS = 5  # of CPU time, for a test beyond ten times what it took before
MOST_BYTES = 4 << 30  # that a child may allocate
PATIENCE = 900  # seconds for a child that waits for nothing


class Trials:
    """A pytest plugin, whose run of the collected tests is one run on every mutant."""

    def __init__(self, task: dict[str, Any], results: TextIO) -> None:
        self.task, self.results = task, results
        self.failed = False
        self.libraries: list[ctypes.CDLL] = []
        self.kills: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.concerns(item)]

    def concerns(self, item: pytest.Item) -> bool:
        """Whether a test runs on the compiled kernels of the instruction set that the mutants are built for."""
        params = getattr(item, "callspec", None)
        values = params.params if params else {}
        if values.get("backend", "cython") != "cython":
            return False
        given = [values[name] for name in ("kernels", "compiled", "isa") if name in values]
        return all((value if isinstance(value, str) else value[0]) == self.task["isa"] for value in given)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for element in self.task["elements"]:
            for module in self.task["modules"]:
                name = f"fastconv._kernels.{self.task['isa']}.{element}.{module}"
                try:
                    self.libraries.append(ctypes.CDLL(str(importlib.import_module(name).__file__)))
                except ModuleNotFoundError:  # built for float32 alone
                    continue
        gc.freeze()
        items, reached = self.baseline(session.items)
        numbers = [number for number in self.task["mutants"] if number not in self.task["settled"]]
        workers = self.task["workers"]
        children = [self.begin(numbers[i::workers], reached, items) for i in range(workers)]
        if any([os.waitpid(child, 0)[1] for child in children]):
            raise RuntimeError("trials ended before all mutants were tried")
        return True

    def begin(
        self, numbers: list[int], reached: dict[int, list[str]], items: dict[str, tuple[pytest.Item, float]]
    ) -> int:
        """Let a process of its own try some mutants, beside others; its number."""
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for number in numbers:
                    self.tell(self.trial(number, reached.get(number, []), items))
                code = 0
            finally:
                os._exit(code)
        return child

    def tell(self, result: dict[str, Any]) -> None:
        print(json.dumps(result), file=self.results, flush=True)

    def run(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        """Run one test; whether it passed."""
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.failed

    def baseline(self, items: list[pytest.Item]) -> tuple[dict[str, tuple[pytest.Item, float]], dict[int, list[str]]]:
        """Each test with its seconds, and the tests that reach each mutant."""
        def measure(send: TextIO) -> None:
            met = [(ctypes.c_int * (self.task["count"] + 1)).in_dll(lib, "mutant_met") for lib in self.libraries]
            elsewhere = Path(tempfile.mkdtemp(), "met")  # in processes that a test starts
            os.environ["MUTANTS_MET"] = str(elsewhere)
            for i, item in enumerate(items):
                for array in met:
                    ctypes.memset(array, 0, ctypes.sizeof(array))
                elsewhere.write_text("")
                start = sum(os.times()[:4])
                passed = self.run(item, items[i + 1] if i + 1 < len(items) else None)
                seconds = sum(os.times()[:4]) - start
                numbers = {n for array in met for n, hit in enumerate(array) if hit}
                numbers.update(map(int, elsewhere.read_text().split()))
                print(json.dumps([i, passed, seconds, sorted(numbers)]), file=send, flush=True)
            shutil.rmtree(elsewhere.parent)

        lines, end = in_child(measure, PATIENCE)
        found: dict[str, tuple[pytest.Item, float]] = {}
        reached: dict[int, list[str]] = {}
        for i, passed, seconds, numbers in map(json.loads, lines):
            if not passed:
                self.tell({"fails without a mutant": items[i].nodeid})
                continue
            found[items[i].nodeid] = items[i], seconds
            for number in numbers:
                reached.setdefault(number, []).append(items[i].nodeid)
        if end != "exit 0":
            self.tell({"fails without a mutant": f"{items[len(lines)].nodeid} ({end})"})
        return found, reached

    def order(self, names: list[str], items: dict[str, tuple[pytest.Item, float]]) -> list[str]:
        """First what kills most in a second; the cases of a test function that have not killed yet share its chance."""
        turn: Counter[str] = Counter()
        chances = {}
        for name in sorted(names, key=lambda name: items[name][1]):
            function = name.partition("[")[0]
            turn[function] += 1
            kills = self.kills[name] + (1 + self.kills[function]) / (10 * turn[function])
            chances[name] = kills / (items[name][1] + 0.02)
        return sorted(names, key=chances.__getitem__, reverse=True)

    def trial(self, number: int, names: list[str], items: dict[str, tuple[pytest.Item, float]]) -> dict[str, Any]:
        """What became of one mutant."""
        chosen, seconds = [], 0.0
        for name in self.order(names, items):
            seconds += items[name][1]
            if seconds > self.task["seconds"]:
                break
            chosen.append(name)
        if not chosen:
            return {"mutant": number, "outcome": "not reached", "tests": len(names)}

        def attempt(send: TextIO) -> None:
            os.environ["MUTANT"] = str(number)
            for library in self.libraries:
                ctypes.c_int.in_dll(library, "mutant_now").value = number
            for i, name in enumerate(chosen):
                print(name, file=send, flush=True)
                item, usual = items[name]
                most = int(time.process_time() + 10 * usual + EXTRA_SECONDS)
                resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
                if not self.run(item, items[chosen[i + 1]][0] if i + 1 < len(chosen) else None):
                    os._exit(1)

        start = time.monotonic()
        lines, end = in_child(attempt, PATIENCE)
        seconds = round(time.monotonic() - start, 2)
        if end == "exit 0":
            return {"mutant": number, "outcome": "survived", "tests": len(chosen), "of": len(names), "seconds": seconds}
        killer = lines[-1].strip() if lines else chosen[0]
        self.kills.update((killer, killer.partition("[")[0]))
        return {"mutant": number, "outcome": "killed", "by": killer, "how": end, "seconds": seconds}


def in_child(work: Any, patience: float) -> tuple[list[str], str]:
    """The lines that `work(file)` wrote in a forked child, and how that ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MOST_BYTES,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        code = 2
        try:
            with os.fdopen(writer, "w") as send:
                work(send)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    received, last = b"", time.monotonic()
    while time.monotonic() - last < patience:
        if select.select([reader], [], [], 5)[0]:
            part = os.read(reader, 65536)
            if not part:
                break
            received, last = received + part, time.monotonic()
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    end = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
    return received.decode().splitlines(), end


def main() -> int:
    folder = Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    with open(folder / "results.jsonl", "a", encoding="utf-8") as results:
        options = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-q", "--tb=no", "-o", "addopts="]
        return int(pytest.main([*options, *task["tests"]], plugins=[Trials(task, results)]))


if __name__ == "__main__":
    sys.exit(main())
