"""Learning curves."""

import sys

import pytest

from fastconv import plot

HISTORY = {
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.5, 0.75, 1.0],
    "val_loss": [1.1, 0.6, 0.5],
    "val_accuracy": [0.4, 0.6, 0.8],
}
SIGNATURES = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


class NoMatplotlib:
    """An import system in which matplotlib is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")


@pytest.mark.parametrize(("ending", "signature"), SIGNATURES.items())
def test_formats(tmp_path, ending, signature):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"curve.{ending}"
    plot.learning_curve(HISTORY, path)
    assert path.read_bytes().startswith(signature)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("keys", [("loss", "accuracy"), tuple(HISTORY)])
def test_same_history_same_bytes(tmp_path, epochs, keys):
    pytest.importorskip("matplotlib")
    for name in ("a.png", "b.png"):
        plot.learning_curve({key: HISTORY[key][:epochs] for key in keys}, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_pyplot_is_left_alone(tmp_path):
    pytest.importorskip("matplotlib")
    loaded = "matplotlib.pyplot" in sys.modules
    plot.learning_curve(HISTORY, tmp_path / "curve.png")
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_without_matplotlib(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoMatplotlib(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"fastconv\.plot needs matplotlib: pip install 'fastconv\[plot\]'"):
        plot.learning_curve(HISTORY, tmp_path / "curve.png")


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"learning_curve: path must end in"):
        plot.learning_curve(HISTORY, tmp_path / "curve.docx")
    pytest.importorskip("matplotlib")
    with pytest.raises(OSError, match="missing"):
        plot.learning_curve(HISTORY, tmp_path / "missing" / "curve.png")
