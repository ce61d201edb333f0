"""The bar within an epoch, and the line after it."""

import io
import sys

import pytest

from fastconv.train import ProgressBar

from .runs import Trains, X, Y, trainer_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


def fit_with_bar(fail=False, **options):
    return trainer_for("SGD", [Trains()] if fail else []).fit((X, Y), batch_size=10, rng=0, **options)


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    history = fit_with_bar()
    assert "epoch 1/1" in sys.stderr.getvalue()
    expected = f"epoch 1/1  loss {history['loss'][0]:.4f}  accuracy {100 * history['accuracy'][0]:6.2f} %\n"
    assert capsys.readouterr().out == expected


def test_the_bar_is_taken_away_after_an_error(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(AssertionError, match="started"):
        fit_with_bar(fail=True)
    assert sys.stderr.getvalue().endswith("\r")


def test_no_bar_in_a_log_file_or_without_tqdm(monkeypatch, capsys):
    fit_with_bar(epochs=2)
    captured = capsys.readouterr()
    assert captured.err == "" and len(captured.out.splitlines()) == 2
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    fit_with_bar()
    assert sys.stderr.getvalue() == ""
    assert ProgressBar().state_dict() == {}
