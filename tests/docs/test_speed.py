"""The program that measures the pages on speed."""

import re
import runpy
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[2] / "docs" / "speed"


def test_a_suite_leaves_a_page_with_its_date_table_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    measure = runpy.run_path(str(SPEED / "measure.py"))["measure"]
    measure("lenet", repeats=1, threads=1, folder=tmp_path, rows=["loss"], against=["python"], quick=True)
    page = (tmp_path / "lenet.md").read_text()
    assert re.search(r"^Measured on \d{4}-\d\d-\d\d\.$", page, re.MULTILINE)
    assert capsys.readouterr().out.rstrip() in page and "\nloss " in page
    assert (tmp_path / "lenet.svg").read_text().rstrip().endswith("</svg>")


def test_pages_are_of_suites_that_are_measured() -> None:
    program = runpy.run_path(str(SPEED / "measure.py"))
    pages = {path.stem for path in SPEED.glob("*.md")} - {"index"}
    assert pages and pages <= program["ROWS"].keys() == program["AGAINST"].keys() == program["TITLES"].keys()
