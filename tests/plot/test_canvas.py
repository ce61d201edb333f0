"""What all pictures have in common: on what they are drawn, and what they need."""

import re
import sys

import numpy as np
import pytest
from subprocesses import output

import fastconv as fc
from fastconv import plot
from fastconv.plot._canvas import figure, save

SIGNATURES = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}

IMAGES, CLASSES, LOGITS = np.zeros((3, 4, 4), np.float32), [0, 1, 2], np.eye(3)[[0, 2, 2]]
PATHS = {"way": [[0, 0], [1, 1]]}
MODEL = fc.models.lenet5(rng=0)
DRAW = {
    "confusion_matrix": lambda **given: plot.confusion_matrix(CLASSES, [0, 2, 2], **given),
    "filters": lambda **given: plot.filters(MODEL.conv1, **given),
    "most_confused": lambda **given: plot.most_confused(IMAGES, CLASSES, LOGITS, **given),
    "optimizer_paths": lambda **given: plot.optimizer_paths(lambda x, y: x * y, PATHS, **given),
    "receptive_field": lambda **given: plot.receptive_field(MODEL, np.zeros((1, 32, 32), np.float32), **given),
    "saliency": lambda **given: plot.saliency(MODEL, np.zeros((1, 32, 32), np.float32), **given),
}
ON_OTHERS = {"animate_optimizer_paths", "feature_maps", "learning_curve", "trace_optimizer"}


def test_every_picture_is_here():
    assert set(plot.__all__) == DRAW.keys() | ON_OTHERS


@pytest.mark.parametrize("name", DRAW)
def test_draws_on_what_it_is_given(name, ax):
    from matplotlib import pyplot

    assert DRAW[name](ax=ax) is ax
    assert ax.get_children() and pyplot.get_fignums() == []


@pytest.mark.parametrize("name", DRAW)
def test_draws_on_a_new_figure_of_pyplot(name):
    from matplotlib import pyplot

    first, second = DRAW[name](), DRAW[name]()
    assert [pyplot.figure(number) for number in pyplot.get_fignums()] == [first.figure, second.figure]


@pytest.mark.parametrize("name", DRAW)
def test_refuses_what_is_no_axes(name):
    with pytest.raises(TypeError, match=rf"{name}: ax must be matplotlib Axes, got"):
        DRAW[name](ax=figure(3, 3))


@pytest.mark.parametrize("name", DRAW)
def test_the_same_picture_twice(name, tmp_path):
    from matplotlib.figure import Figure

    for file in ("a.png", "b.png"):
        save("test", DRAW[name](ax=Figure().subplots()).figure, tmp_path / file)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_axes_of_ones_own_need_no_pyplot():
    code = """
import sys, fastconv as fc
from fastconv.plot._canvas import figure
fc.plot.confusion_matrix([0, 1], [0, 1], ax=figure(3, 3).subplots())
print("matplotlib.pyplot" in sys.modules)
"""
    assert output(code) == "False"


class NoMatplotlib:
    """An import system in which matplotlib is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")


@pytest.mark.parametrize("name", DRAW)
def test_without_matplotlib(name, monkeypatch):
    for module in [module for module in sys.modules if module.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [NoMatplotlib(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"fastconv\.plot needs matplotlib: pip install 'fastconv\[plot\]'"):
        DRAW[name]()


@pytest.mark.parametrize(("ending", "signature"), SIGNATURES.items())
def test_save(tmp_path, ending, signature):
    path = tmp_path / f"picture.{ending}"
    save("test", figure(2, 2), path)
    assert path.read_bytes().startswith(signature)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_save_refuses_other_endings_and_tells_what_fails(tmp_path):
    with pytest.raises(ValueError, match=re.escape("test: path must end in .png, .pdf or .svg, got 'a.docx'")):
        save("test", figure(2, 2), "a.docx")
    with pytest.raises(OSError, match="missing"):
        save("test", figure(2, 2), tmp_path / "missing" / "a.png")
