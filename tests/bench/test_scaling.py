"""The formulas of `fastconv bench scaling`, and that it runs."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from distributed.launched import mpiexec, needs_mpi

from fastconv.bench import scaling
from fastconv.bench.allreduce import ALGORITHMS, Link, Profile, seconds, step
from fastconv.cli import main

MEASURE = Path(__file__).parents[2] / "docs" / "scaling" / "measure.py"
LINK = Link(alpha=1e-5, beta=1e-9, gamma=1e-10)
PROFILE = Profile(buckets=[(10**6, 0.01), (10**6, 0.03), (10**5, 0.04)], backward=0.04, step=0.045)


def simulated_ring(size, nodes, link):
    """Pieces go round twice: once to be added, once to be told; each round all nodes send a piece."""
    piece = size / nodes
    adding = (nodes - 1) * (link.alpha + piece * (link.beta + link.gamma))
    return adding + (nodes - 1) * (link.alpha + piece * link.beta)


def simulated_doubling(size, nodes, link):
    """Each round every node exchanges all it has with one that is twice as far away."""
    total, distance = 0.0, 1
    while distance < nodes:
        total += link.alpha + size * link.beta + size * link.gamma
        distance *= 2
    return total


@pytest.mark.parametrize("nodes", [1, 2, 8, 1024])
@pytest.mark.parametrize("size", [0, 1000, 10**8])
def test_formulas_are_sums_over_rounds(nodes, size):
    for name, simulated in zip(ALGORITHMS, (simulated_ring, simulated_doubling), strict=True):
        assert seconds(name, size, nodes, LINK) == pytest.approx(simulated(size, nodes, LINK), rel=1e-12)


def test_the_ring_wins_with_many_bytes_and_doubling_with_few():
    assert seconds("ring", 10**8, 64, LINK) < seconds("recursive doubling", 10**8, 64, LINK)
    assert seconds("ring", 1000, 64, LINK) > seconds("recursive doubling", 1000, 64, LINK)


def test_a_step_waits_for_what_the_backward_pass_does_not_hide():
    assert step(PROFILE, 1, LINK) == PROFILE.step
    one = seconds("ring", 10**5, 2, LINK)
    # The first two sums are done while backward goes on.
    assert step(PROFILE, 2, LINK, algorithms=["ring"]) == pytest.approx(PROFILE.step + one)
    all_of_them = sum(seconds("ring", size, 2, LINK) for size, _ in PROFILE.buckets)
    assert step(PROFILE, 2, LINK, 0.0, ["ring"]) == pytest.approx(PROFILE.step + all_of_them)


def test_more_nodes_never_take_less_time():
    times = [step(PROFILE, nodes, LINK) for nodes in (1, *scaling.NODES)]
    assert times == sorted(times) and times[-1] > times[0]


@pytest.mark.parametrize("nodes", [2, 4])
def test_a_link_is_found_again(nodes):
    measure, link = runpy.run_path(str(MEASURE)), Link(3e-6, 4e-10)
    found = {size: seconds("recursive doubling", size, nodes, link) for size in measure["SIZES"]}
    np.testing.assert_allclose(measure["fitted"](found, nodes), [*link[:2], 0.0], rtol=1e-9)


@needs_mpi
def test_ranks_are_measured(tmp_path):
    done = mpiexec(2, MEASURE, "lenet5", "--images=2", "--repeats=1", f"--json={tmp_path / 'ranks.json'}")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "ranks.json").read_text())
    row = report["networks"]["lenet5"]
    assert row["bytes"] == 4 * 61706 and row["predicted"] == pytest.approx(row["beside others"] + row["sums"])
    assert "predicted / measured" in done.stdout and report["link"]["beta"] > 0


def test_the_command(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    files = {"json": tmp_path / "scaling.json", "plot": tmp_path / "scaling.png"}
    options = [f"--{name}={path}" for name, path in files.items()]
    assert main(["bench", "scaling", "--networks", "lenet5", "--quick", "--repeats", "1", *options]) == 0
    printed = capsys.readouterr().out
    assert "nodes" in printed and "100 Gbit/s, recursive doubling" in printed
    (row,) = json.loads(files["json"].read_text())["rows"]
    assert row["bytes"] == 4 * 61706 and len(row["efficiency"]) == 4
    for shares in row["efficiency"].values():
        assert len(shares) == len(scaling.NODES) and all(0 < share <= 1 for share in shares)
        assert shares == sorted(shares, reverse=True)
    assert files["plot"].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("argv", [["--networks", "vgg"], ["--rows", "conv1"], ["--against", "torch"]])
def test_what_does_not_go_with_it(argv, capsys):
    assert main(["bench", "scaling", *argv]) == 1
    assert "bench: " in capsys.readouterr().err
