"""The tests are good: faults written into the kernels at random are found by them."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from fastconv import _backend

from .. import supervised
from ..promise import Tally
from . import build, changes, source, survivors
from .switch import Mutant, new_mutant

FEW = 20  # up to so many mutants are drawn from one file, and tried for float32 alone
SPARE = 1.4  # of drawn mutants some do not compile, or are in functions that no module calls
SECONDS = 60.0  # of tests on one mutant, as long as they take without it
# The tests of each module; those that know it best first.
TESTS = {
    "activation": ("kernels/test_activation.py", "kernels/test_activation_functions.py", "kernels/test_softmax.py"),
    "conv2d": ("kernels/test_conv2d.py", "kernels/test_pointwise.py", "functional/test_conv_cases.py"),
    "conv2d_weight": ("kernels/test_conv2d.py", "kernels/test_pointwise.py", "functional/test_conv_cases.py"),
    "depthwise": ("kernels/test_depthwise.py",),
    "depthwise_weight": ("kernels/test_depthwise.py",),
    "linear": ("kernels/test_linear.py", "kernels/test_pointwise.py"),
    "loss": ("kernels/test_loss.py", "kernels/test_softmax.py", "kernels/test_difference_loss.py"),
    "norm": ("kernels/test_norm.py",),
    "optim": ("kernels/test_optim.py",),
    "pad2d": ("kernels/test_pad2d.py", "functional/test_pad_cases.py"),
    "pool2d": ("kernels/test_pool2d.py", "kernels/test_bins.py", "kernels/test_places.py"),
    "winograd": ("kernels/test_winograd.py",),
    "winograd_weight": ("kernels/test_winograd.py",),
}
ALL_TESTS = ("kernels", "functional")
LEFT_OUT = ("test_error_contract", "test_torch_")  # of arguments, and of another library


def candidates(paths: list[Path], rng: np.random.Generator, count: int) -> list[Mutant]:
    """Mutants of different statements: a statement, then a kind of fault, then a fault are drawn."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
    statements = [s for name, text in texts.items() for s in source.statements(name, text) if changes.changes(s)]
    chosen: list[Mutant] = []
    for i in rng.permutation(len(statements))[:count]:
        possible = changes.changes(statements[i])
        kind = rng.choice(sorted({change.kind for change in possible}))
        change = possible[rng.choice([k for k, change in enumerate(possible) if change.kind == kind])]
        chosen.append(new_mutant(len(chosen) + 1, texts[statements[i].file], statements[i], change))
    return chosen


def kept(folder: Path, drawn: list[Mutant]) -> tuple[list[Mutant], list[dict[str, Any]]]:
    """Of an earlier run here on the same mutants: those that could be built, and what need not be tried again."""
    try:
        task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [], []
    if task["drawn"] != [str(mutant) for mutant in drawn]:
        return [], []
    mutants = {mutant.number: mutant for mutant in drawn if mutant.number in task["mutants"]}
    results = [result for result in map(json.loads, lines) if result.get("mutant") in mutants]
    settled = [result for result in results
               if result["outcome"] == "killed" or survivors.reason(mutants[result["mutant"]])]
    return list(mutants.values()), settled


def try_all(n: int, rng: np.random.Generator) -> tuple[list[Mutant], list[dict[str, Any]]]:
    """About n mutants, and what became of each."""
    few = n <= FEW
    modules = [str(rng.choice(sorted(TESTS)))] if few else sorted(TESTS)
    paths = [build.SOURCES / f"{modules[0]}.pyx"] if few else build.sources_of(modules)
    elements = ["float32"] if few else list(build.ELEMENTS)
    isa = "x86_64_v3" if "x86_64_v3" in _backend.runnable() else _backend.runnable()[-1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("FASTCONV_MUTANTS_FOLDER", name))
        drawn = candidates(paths, rng, round(SPARE * n))
        mutants, settled = kept(folder, drawn)
        if not mutants:
            mutants = build.build(folder, modules, elements, isa, drawn)[:n]
        tests = (*TESTS[modules[0]], "kernels/test_given_back.py") if few else ALL_TESTS
        task = {
            "isa": isa, "modules": modules, "elements": elements, "seconds": SECONDS, "workers": supervised.workers,
            "count": len(drawn), "drawn": [str(mutant) for mutant in drawn],
            "mutants": [mutant.number for mutant in mutants], "settled": [result["mutant"] for result in settled],
            "tests": [*(str(build.ROOT / "tests" / test) for test in tests),
                      *(f"--ignore-glob=*/{name}*" for name in LEFT_OUT)],
        }  # fmt: skip
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        lines = [json.dumps(result) + "\n" for result in settled]
        (folder / "results.jsonl").write_text("".join(lines), encoding="utf-8")
        environment = os.environ | {
            "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{build.ROOT}",
            "FASTCONV_ISA": isa, "FASTCONV_NUM_THREADS": "1",
        }  # fmt: skip
        done = subprocess.run([sys.executable, "-P", "-m", "tests.promises.mutants.trials", str(folder)],
                              env=environment, cwd=build.ROOT, capture_output=True, text=True)
        results = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    if done.returncode or not results:
        raise RuntimeError(f"the trials ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return mutants, results


def judge(mutants: list[Mutant], results: list[dict[str, Any]]) -> Tally:
    """Killed, or explained, or a test is missing."""
    tally, outcomes = Tally(), Counter[str]()
    by_number = {mutant.number: mutant for mutant in mutants}
    for result in results:
        if "mutant" not in result:
            tally.lost.append(f"without a mutant a test fails: {result['fails without a mutant']}")
            continue
        mutant = by_number[result["mutant"]]
        tally.tried, tally.faults = tally.tried + 1, tally.faults + 1
        reason = survivors.reason(mutant)
        if result["outcome"] == "killed":
            outcomes["killed"] += 1
        elif reason:
            outcomes["explained"] += 1
            tally.notes.append(f"{mutant}: {reason}")
        else:
            tally.lost.append(f"{result['outcome']}: {mutant}")
    equivalent = outcomes["explained"]
    share = outcomes["killed"] / max(tally.tried - equivalent, 1)
    tally.notes.insert(0, f"{outcomes['killed']} of {tally.tried} killed, {equivalent} change no result: {share:.1%}")
    return tally


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Mutants of the kernels, each in turn."""
    if not _backend.runnable() or not build.can_build():
        return Tally(notes=["not tried: it needs a compiler, Cython and the compiled kernels"])
    return judge(*try_all(n, rng))
