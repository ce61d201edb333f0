"""What the pages of the documentation say is true: their Python runs, in the order of the page."""

import re
from pathlib import Path

import pytest

import fastconv as fc

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FIRST = Path("start.md")
"""The page that promises most; it has a test of its own."""
PAGES = sorted(page.relative_to(DOCS) for page in DOCS.rglob("*.md") if BLOCK.search(page.read_text()))


def run(page: Path) -> dict[str, object]:
    """Run the blocks of a page as one program, whose lines have the numbers that they have in the page."""
    text = page.read_text()
    names: dict[str, object] = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        before = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(before + block.group(1), str(page), "exec"), names)
    return names


@pytest.mark.parametrize("page", [page for page in PAGES if page != FIRST], ids=str)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "import torch" in (DOCS / page).read_text():
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    run(DOCS / page)


def test_the_first_page_leaves_a_trained_model_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = run(DOCS / FIRST)["model"]
    assert isinstance(model, fc.nn.Module)
    fc.nn.utils.vector_to_parameters(0 * fc.nn.utils.parameters_to_vector(model.parameters()), model.parameters())
    fc.load_weights(tmp_path / "digits.npz", model)
    images, labels = fc.data.digits(size=32)[1]
    assert (model.eval()(images).argmax(axis=1) == labels).mean() > 0.95


def test_the_first_pages_begin_with_the_command_of_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    command = re.search(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    assert command is not None
    for page in ("index.md", "start.md"):
        assert f"```console\n{command.group(1)}```" in (DOCS / page).read_text()
