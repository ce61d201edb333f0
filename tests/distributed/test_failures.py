"""A rank that raises or dies ends the job, which says which one it was; what it had saved goes on with another number.

`FASTCONV_TEST_KILLS` says how often a rank is killed (3 by default).
"""

import os
import random
import sys

import numpy as np
import pytest

from .dying import EPOCHS, STEPS, fit
from .launched import mpiexec, needs_mpi
from .training import difference

pytestmark = needs_mpi
KILLS = int(os.environ.get("FASTCONV_TEST_KILLS", "3"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What becomes of a run that nobody disturbs."""
    return fit(str(tmp_path_factory.mktemp("whole") / "checkpoint.npz"))


def die(folder, how, ranks, rank, step):
    """Let a rank end at a step; what the job wrote to stderr."""
    done = mpiexec(ranks, "-m", "distributed.dying", folder / "checkpoint.npz", how, rank, step)
    assert done.returncode != 0
    return done.stderr


def goes_on(folder, step, whole):
    """The checkpoint is that of the step before, and with one rank it leads to where the whole run is."""
    if step == 1:
        assert not (folder / "checkpoint.npz").exists()
        return
    import fastconv as fc

    assert fc.load_checkpoint(folder / "checkpoint.npz")["training"]["step"] == step - 1
    model = fit(str(folder / "checkpoint.npz"), resume=folder / "checkpoint.npz")
    assert difference(model, whole) < 1e-3  # Adam amplifies the rounding of float32


def test_a_rank_that_raises_is_named(tmp_path, whole):
    told = die(tmp_path, "raises", 2, 1, 17)
    assert "rank 1 of 2" in told and "ArithmeticError: a fault of this rank" in told and "Traceback" in told
    goes_on(tmp_path, 17, whole)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems leave this to the launcher")
@pytest.mark.parametrize("number", range(KILLS))
def test_a_rank_that_dies_is_named(tmp_path, number, whole):
    rng = random.Random(number)
    how = "exits" if number % 5 == 4 else "killed"
    ranks, step = 4 if number % 3 == 2 else 2, rng.randint(1, STEPS)
    rank = rng.randrange(ranks)
    assert f"rank {rank} of {ranks} has died" in die(tmp_path, how, ranks, rank, step)
    goes_on(tmp_path, step, whole)


def test_the_whole_run_has_learnt(whole):
    assert EPOCHS * 13 == STEPS and np.abs(whole[0].weight.data).max() > 0.1
