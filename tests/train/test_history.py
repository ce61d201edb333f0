"""The record of a training run."""

import csv

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
