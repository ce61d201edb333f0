"""What is said in several places about a release is the same, and the API pages leave no module out."""

import re
from pathlib import Path

import fastconv as fc

ROOT = Path(__file__).parents[2]


def test_the_citation_has_the_version_and_the_license() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == fc.__version__  # type: ignore[index]
    assert "\nlicense: BSD-3-Clause\n" in citation


def test_the_changelog_begins_with_the_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first is not None and first[1] == fc.__version__


def test_every_public_module_has_its_pages() -> None:
    listed = set(re.findall(r"^   (fastconv\S*)$", (ROOT / "docs" / "api" / "index.rst").read_text(), re.MULTILINE))
    assert listed >= {"fastconv", *(f"fastconv.{name}" for name in (*fc._SUBMODULES, *fc._BRIDGES))}


def test_every_script_is_in_the_list_of_examples() -> None:
    listed = re.findall(r"^\| `(\w+\.py)`", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))
