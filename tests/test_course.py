"""The pages of the course run, and what they say is equal is equal: they assert it themselves."""

import ast
import re
import runpy
from pathlib import Path

import pytest

import fastconv as fc

COURSE = Path(__file__).parents[1] / "examples" / "course"
PAGES = sorted(COURSE.glob("plot_*.py"))


@pytest.fixture
def pyplot(monkeypatch):
    """pyplot with a canvas in memory; figures are drawn when they are shown, and then closed."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def show():
        for number in plt.get_fignums():
            plt.figure(number).canvas.draw()
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    with matplotlib.rc_context():
        yield plt
    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page, pyplot, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with fc.threads(1):
        runpy.run_path(str(page))
    assert capsys.readouterr().out and not list(tmp_path.iterdir())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_asks_a_question_and_answers_it(page):
    text = page.read_text()
    title, line, _, question, *_ = ast.get_docstring(ast.parse(text)).split("\n")
    assert set(line) == {"="} and len(line) >= len(title)
    assert question.startswith("*")
    assert re.search(r"^# Answer\n# ------$", text, re.MULTILINE)


def test_pages_are_numbered():
    numbers = [int(page.stem.split("_")[1]) for page in PAGES]
    assert numbers[0] == 1 and len(set(numbers)) == len(numbers) >= 8
