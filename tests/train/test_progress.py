"""The bar within an epoch."""

import io
import sys

import pytest

from fastconv.train import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run_an_epoch(fail=False):
    progress = Progress()
    progress.on_epoch_begin(None, 1, 1, 3)
    for step in (1, 2, 3):
        progress.on_step_end(None, step, 0.5)
    if not fail:
        progress.on_epoch_end(None, 1, 1, {"loss": 0.5, "accuracy": 0.25})
    progress.on_end(None)


def test_bar_on_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run_an_epoch()
    assert "epoch 1/1" in terminal.getvalue()
    assert capsys.readouterr().out == "epoch 1/1  loss 0.5000  accuracy  25.00 %\n"


def test_bar_is_taken_away_after_an_error(monkeypatch):
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run_an_epoch(fail=True)
    assert terminal.getvalue().endswith("\r")


def test_no_bar_in_a_log_file_or_without_tqdm(monkeypatch, capsys):
    run_an_epoch()
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    run_an_epoch()
    assert terminal.getvalue() == ""
