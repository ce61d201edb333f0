"""The comparison: what it measures, that it compares before it times, and what it writes."""

import io
import json

import numpy as np
import pytest

import fastconv as fc
from fastconv import _backend, bench
from fastconv.bench import comparison, shapes
from fastconv.bench.table import number
from fastconv.bench.task import Task
from fastconv.bench.timing import Contestant, compete
from fastconv.cli import main

BACKENDS = fc.available_backends()
CONVOLUTION = ["forward", "grad_input", "grad_weight", "grad_bias", "backward", "both"]


def quick(**options):
    stream = io.StringIO()
    report = bench.run(quick=True, repeats=1, against=BACKENDS[1:], stream=stream, **options)
    return report, stream.getvalue()


def test_every_layer_on_every_backend():
    report, text = quick()
    rows = {(row["row"].split()[0], row["direction"], row["backend"]) for row in report["rows"]}
    directions = {
        "conv1": CONVOLUTION,
        "conv2": CONVOLUTION,
        "loss": ["both"],
        "step": ["step"],
    }
    names = [layer.name for layer in shapes.read("lenet")]
    expected = {(n, d, b) for n in names for d in directions.get(n, ["forward", "backward"]) for b in BACKENDS}
    assert rows == expected
    assert all(row["ms"] > 0 and row["ratio"] > 0 for row in report["rows"])
    assert all(row["ratio"] == 1 for row in report["rows"] if row["backend"] == BACKENDS[0])
    assert text.splitlines()[0].startswith(report["machine"]["cpu"])
    assert all(name in text for name in names)


def test_names_of_rows_and_their_flops():
    report, text = quick(rows=["conv2", "relu"])
    assert "conv1" not in text
    conv = [row for row in report["rows"] if row["row"].startswith("conv2") and row["direction"] == "forward"]
    flops = 2 * 2 * 16 * 10 * 10 * 6 * 25
    assert all(row["gflops"] * row["ms"] * 1e6 == pytest.approx(flops) for row in conv)
    assert all(row["gflops"] is None for row in report["rows"] if row["row"].startswith("relu"))


def wrong(called):
    """A task whose second backend computes something else."""

    def fastconv():
        def call():
            called.append(fc.get_backend())
            return [np.ones(3) + (1e-3 if fc.get_backend() == BACKENDS[1] else 0)]

        return call

    return Task("wrong 3", "forward", None, fastconv, lambda torch: fastconv())


@pytest.mark.skipif(len(BACKENDS) < 2, reason="nothing to compare with")
def test_what_differs_is_not_timed():
    calls = []
    with pytest.raises(ValueError, match=f"wrong 3, forward: {BACKENDS[0]} and {BACKENDS[1]} differ by 0.001"):
        comparison.measure(wrong(calls), BACKENDS, None, 1)
    assert len(calls) == len(BACKENDS)  # once each, to compare


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        ([[1.0, 100.0]], [[2.0, 100.0]], 0.01),
        ([[0.0]], [[0.0]], 0.0),
        ([[1.0]], [[1.0, 1.0]], np.inf),
        ([[1.0], [2.0]], [[1.0], [1.0]], 0.5),
        ([[]], [[]], 0.0),
    ],
)
def test_difference_is_relative_to_the_largest_value(a, b, apart):
    assert comparison.difference([np.array(x) for x in a], [np.array(x) for x in b]) == apart


def test_nan_is_a_difference():
    assert not comparison.difference([np.array([np.nan])], [np.array([1.0])]) <= 1e-4


def test_turns():
    """Every round gives each contestant a turn, after one that does not count; ratios are taken within rounds."""
    order = []
    contestants = {
        name: Contestant(lambda name=name: order.append(name), lambda: fc.use_backend("numpy"), 1.0) for name in "ab"
    }
    times = compete(contestants, "a", 3)
    assert order == list("ab" + "ababab")
    assert times["a"][1] == 1 and set(times) == {"a", "b"}


# Every operation of the suite, and every option of its convolutions.
SMALL = ["lenet2", "direct3", "stem", "dw_s2", "row", "dilated", "double"]
SMALL += ["max3", "avg3", "pad", "relu", "sigmoid", "gemm64"]


def test_torch_column():
    pytest.importorskip("torch")
    stream = io.StringIO()
    report = bench.run("layers", quick=True, repeats=1, against=["torch"], stream=stream, rows=SMALL)
    assert {row["backend"] for row in report["rows"]} == {BACKENDS[0], "torch"}
    assert "x torch" in stream.getvalue() and report["machine"]["torch"]


def test_one_thread_and_copies():
    report, text = quick(rows=["relu", "fc1"])
    assert all(row["copies"] > 0 and row["peak"] is None for row in report["rows"] if row["row"].startswith("relu"))
    assert all(row["copies"] is None for row in report["rows"] if row["row"].startswith("fc1"))
    report = bench.run("layers", rows=["fc"], quick=True, repeats=1, against=["serial"], stream=io.StringIO())
    assert [row["backend"] for row in report["rows"]] == [BACKENDS[0], "serial"] * 2
    assert "copies" in text


@pytest.mark.skipif(not _backend.runnable(), reason="needs extensions")
@pytest.mark.parametrize("isa", _backend.runnable())
def test_instruction_set(isa, capfd):
    line = f"bench layers --isa {isa} --quick --repeats 1 --rows fc --against numpy"
    assert main(line.split()) == 0
    assert f"instruction set {isa}" in capfd.readouterr().out


def test_files(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    data, picture = tmp_path / "b.json", tmp_path / "b.png"
    arguments = ["bench", "--quick", "--repeats", "1", "--rows", "loss", "--threads", "1", "--against", *BACKENDS[1:]]
    assert main([*arguments, "--json", str(data), "--plot", str(picture)]) == 0
    report = json.loads(data.read_text())
    assert report["version"] == 1 and report["machine"]["threads"] == 1
    assert [row["backend"] for row in report["rows"]] == BACKENDS
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("--rows conv9", 2, "conv9"),
        ("--rows stem", 1, "stem"),
        ("lenet6", 2, "lenet6"),
        ("--against matlab", 2, "matlab"),
        ("--repeats 0", 2, "--repeats"),
        ("--threads 0", 2, "--threads"),
        ("--isa sse1", 1, "sse1"),
        ("--json /nowhere/b.json", 1, "/nowhere"),
        ("--plot b.xyz", 1, "b.xyz"),
    ],
)
def test_refused(line, code, words, capsys):
    assert main(["bench", *line.split(), "--quick"]) == code
    captured = capsys.readouterr()
    assert words in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23"), (0.01234, "0.012")],
)
def test_numbers(value, text):
    assert number(value) == text
