"""A run that is killed at random moments, and started again each time, ends with the bits of one that was not.

`FASTCONV_TEST_KILLS` says how often (6 by default); each of the five optimizers takes its turn.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .killed import CHECKPOINT, RESULT, main
from .runs import OPTIMIZERS

KILLS = int(os.environ.get("FASTCONV_TEST_KILLS", "6"))
SEED = int(os.environ.get("FASTCONV_TEST_SEED", "0"))


def run_until_killed(folder, optimizer, after):
    """Start the run, and kill it that many seconds after training has begun; whether there was anything to kill."""
    command = [sys.executable, "-m", "train.killed", str(folder), optimizer, "0.01"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_runs_end_as_others_do(tmp_path):
    rng = random.Random(SEED)
    expected, kills, finished, attempts = {}, 0, 0, 0
    while kills < KILLS:
        optimizer = list(OPTIMIZERS)[attempts % len(OPTIMIZERS)]
        attempts += 1
        if optimizer not in expected:
            whole = tmp_path / optimizer
            whole.mkdir()
            main(whole, optimizer)
            expected[optimizer] = (whole / RESULT).read_text()
        folder = tmp_path / str(attempts)
        folder.mkdir()
        for _ in range(rng.randrange(1, 4)):
            if kills < KILLS and run_until_killed(folder, optimizer, rng.uniform(0, 0.2)):
                kills += 1
            assert len(list(folder.iterdir())) <= 4  # two checkpoints, at most one unfinished of each
        main(folder, optimizer)
        finished += 1
        assert (folder / RESULT).read_text() == expected[optimizer], (optimizer, attempts)
        assert sorted(path.name for path in folder.iterdir()) == ["best.npz", CHECKPOINT, RESULT]
    print(f"killed {kills} times, {finished} runs ended with the same bits")
