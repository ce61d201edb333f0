"""What several ranks check together (`checks`), each check a test of its own."""

import json
import os

import pytest
from subprocesses import python

from .checks import CHECKS
from .launched import mpiexec, needs_mpi

pytestmark = needs_mpi


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What failed, by number of ranks and name; four go on with what two have left."""
    folder, found = tmp_path_factory.mktemp("ranks"), {}
    for ranks in (2, 4):
        done = mpiexec(ranks, "-m", "distributed.checks", folder)
        assert done.returncode == 0, done.stderr
        found[ranks] = json.loads(done.stdout.splitlines()[-1])
    assert (folder / "history-0.csv").exists() and not (folder / "history-1.csv").exists()
    return found


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("name", CHECKS)
def test_ranks(reports, ranks, name):
    assert reports[ranks][name] == []


def test_a_launcher_of_another_mpi_is_noticed():
    pytest.importorskip("mpi4py")
    done = python("import fastconv; fastconv.distributed.init()", SLURM_STEP_NUM_TASKS="4")
    assert "4 processes were started, but to MPI each is alone" in done.stderr


def test_a_launcher_without_mpi4py_is_told_what_to_install():
    code = "import sys, fastconv; sys.modules['mpi4py'] = None; fastconv.distributed.init()"
    assert "needs mpi4py: pip install 'fastconv[mpi]'" in python(code, PMI_SIZE="2").stderr


@pytest.mark.parametrize("sizes", [{}, {"PMI_SIZE": "1"}, {"PMI_SIZE": ""}])
def test_a_process_that_is_alone_needs_no_mpi(sizes, monkeypatch):
    from fastconv.distributed import launch

    for name in launch._MARKS:
        monkeypatch.delenv(name, raising=False)
    assert launch._started(os.environ | sizes) == 1
