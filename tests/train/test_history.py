"""The record of a training run."""

import csv
import math

import numpy as np
import pytest

import fastconv as fc


def recorded():
    history = fc.History()
    history.append({"loss": 1 / 3, "accuracy": 0.5})
    history.append({"loss": 1e-17, "accuracy": 1})
    return history


def test_columns_by_name():
    history = recorded()
    assert history["loss"] == [1 / 3, 1e-17] and history["accuracy"] == [0.5, 1.0]
    assert list(history) == ["loss", "accuracy"] and history.epochs == 2 and fc.History().epochs == 0
    with pytest.raises(KeyError):
        history["val_loss"]


def test_csv_reads_back_the_same_numbers(tmp_path):
    history = recorded()
    history.to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for key, values in history.items():
        assert [float(row[key]) for row in rows] == values
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_keys_cannot_change():
    with pytest.raises(ValueError, match="History: keys"):
        recorded().append({"loss": 1.0})


def test_csv_into_a_missing_folder(tmp_path):
    with pytest.raises(OSError, match="missing"):
        recorded().to_csv(tmp_path / "missing" / "history.csv")


def test_reads_what_it_wrote(tmp_path):
    path = tmp_path / "h.csv"
    for history in (recorded(), fc.History()):
        history.append(dict.fromkeys(history or ("loss",), math.nan))
        history.to_csv(path)
        read = fc.History.from_csv(path)
        assert repr(dict(read)) == repr(dict(history)) and read.epochs == history.epochs


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("loss\n1\n", 1), ("epoch,loss,loss\n", 1), ("epoch,loss\n1\n", 2), ("epoch,loss\n1,a\n", 2),
        ("epoch,loss\n1,0.5\n3,0.5\n", 3), ("epoch,loss\n1,0.5,7\n", 2), ('epoch,loss\n1,"0.5', 2), ("\ud800", 1),
    ],
)  # fmt: skip
def test_other_files(tmp_path, text, line):
    path = tmp_path / "h.csv"
    path.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(ValueError, match=rf"h\.csv: not a history: line {line}: "):
        fc.History.from_csv(path)


def test_states():
    other = fc.History()
    other.load_state_dict(recorded().state_dict())
    assert other == recorded()
    other.append({"loss": 1.0, "accuracy": 0.0})
    assert other.epochs == 3
    for wrong in ({"names": ["a"], "values": np.zeros((2, 2))}, {"names": ["a"], "values": np.zeros((2, 1), int)}):
        with pytest.raises(ValueError, match="History"):
            other.load_state_dict(wrong)
    other.load_state_dict(fc.History().state_dict())
    assert other == {} and other.epochs == 0


def test_plot():
    pytest.importorskip("matplotlib").use("Agg")
    axes = recorded().plot()
    assert [ax.get_ylabel() for ax in axes] == ["loss", "accuracy (%)"]
    assert list(axes[0].lines[0].get_ydata()) == recorded()["loss"]
    (ax,) = recorded().plot(["accuracy"])
    assert ax.get_ylabel() == "accuracy (%)"
    from matplotlib import pyplot

    pyplot.close("all")
