"""The supervision itself: deaths, losses before them, stuck cases, fresh interpreters; and portions that add up."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from .promise import Promise, Tally
from .supervised import supervise
from .table import HEAD, numbers, spelled, write


def case(deadly: tuple[int, ...], i: int) -> Tally:
    if i in deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    if i == 4:
        raise KeyError("four")
    return Tally(1, faults=2, lost=["three"] if i == 3 else [])


def test_cases_before_and_after_a_death_count() -> None:
    total = supervise(partial(case, (5, 6, 9)), 12, chunk=8)
    assert total.tried == 12
    assert total.faults == 2 * (12 - 4)
    assert sorted(total.lost) == [
        "case 4: KeyError: 'four'",
        "case 5: the process ended by SIGKILL",
        "case 6: the process ended by SIGKILL",
        "case 9: the process ended by SIGKILL",
        "three",
    ]


def stuck(i: int) -> Tally:
    if i == 1:
        time.sleep(600)
    return Tally(1)


def test_a_case_may_be_stuck() -> None:
    total = supervise(stuck, 3, seconds=3)
    assert (total.tried, total.lost) == (3, ["case 1: the process was stuck"])


def variable(i: int) -> Tally:
    return Tally(1, notes=[f"{os.environ.get('FASTCONV_NUM_THREADS')} {__debug__}"])


def test_fresh_interpreters_have_the_environment() -> None:
    total = supervise(variable, 2, environment={"FASTCONV_NUM_THREADS": "3", "PYTHONOPTIMIZE": "1"})
    assert total.notes == ["3 False", "3 False"]
    assert "PYTHONOPTIMIZE" not in os.environ


def nothing(n: int, rng: np.random.Generator) -> Tally:
    return Tally(n)


def test_portions_add_up(tmp_path: Path) -> None:
    file = tmp_path / "table.md"
    file.write_text(f"# Title\n\n{HEAD}\nmore\n", encoding="utf-8")
    one, two = (Promise(name, "text", 1, 5000, nothing) for name in ("one", "two"))

    def run(seed: int, add: bool, tried: int = 1500) -> None:
        write(str(file), [one, two], two, Tally(tried, 20, ["x"]), 1000.4, seed, add)

    run(3, True)
    run(0, True)
    run(1, True)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n" + HEAD + "| `one` | text | not yet | 5,000 |")
    assert text.endswith(" 3,000 s, seeds 0-1 3 |\n\nmore\n")
    assert numbers(text.splitlines()[5]) == (4500, 60, 3, 3000, [0, 1, 3])
    with pytest.raises(ValueError, match="seed 1 of two"):
        run(1, True)
    run(7, False, tried=10)
    assert numbers(file.read_text(encoding="utf-8").splitlines()[5]) == (10, 20, 1, 1000, [7])


@pytest.mark.parametrize(
    ("seeds", "text"), [([0], "0"), ([2, 0, 1], "0-2"), ([0, 2, 3], "0 2-3"), ([5, 1], "1 5")], ids=str
)
def test_seeds_are_spelled_as_ranges(seeds: list[int], text: str) -> None:
    assert spelled(seeds) == text
