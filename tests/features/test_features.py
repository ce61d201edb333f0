"""Every option of torch has a value that gives the same numbers in both libraries, or a reason."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

from .calls import parameters_of  # noqa: E402
from .comparison import INERT, SECTIONS, Section, compare  # noqa: E402
from .entry import ACCEPTED, No  # noqa: E402
from .page import DEFAULTS, NAMES, VERSION, own_parameters, text  # noqa: E402

ENTRIES = [
    pytest.param(section, name, id=f"{section.title}-{name}") for section in SECTIONS for name in section.entries
]


@pytest.fixture(autouse=True)
def one_thread_of_torch() -> Iterator[None]:
    """Small arrays: more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_every_public_name_is_in_the_table(section: Section) -> None:
    public = {name for name in section.ours.__all__ if callable(getattr(section.ours, name))}
    assert section.entries.keys() | section.alone.keys() == {name for name in public if not name.endswith("_backward")}
    assert not section.entries.keys() & section.alone.keys()


@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_every_option_has_a_value_or_a_reason(section: Section, name: str) -> None:
    """A reason is for what is not a parameter here, or is one without effect."""
    entry = section.entries[name]
    theirs = parameters_of(name, getattr(section.theirs, name))
    assert sorted(entry.base.keys() | entry.options.keys()) == sorted(theirs)
    ours = own_parameters(section, name)
    for option in theirs:
        value = entry.options.get(option)
        if not isinstance(value, No):
            assert value != []
            assert NAMES.get((name, option), option) in ours
        elif value is not ACCEPTED:
            assert option not in ours


@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_positional_arguments_have_the_order_of_torch(section: Section, name: str) -> None:
    """Without those that are not offered."""
    entry = section.entries[name]
    theirs = [
        NAMES.get((name, p), p)
        for p in parameters_of(name, getattr(section.theirs, name))
        if not isinstance(entry.options.get(p), No) or entry.options[p] is ACCEPTED
    ]
    ours = inspect.signature(getattr(section.ours, name)).parameters
    positional = [p for p in own_parameters(section, name) if ours[p].kind is not inspect.Parameter.KEYWORD_ONLY]
    assert positional == theirs[: len(positional)]


@pytest.mark.filterwarnings("ignore")  # torch's
@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_the_numbers_are_those_of_torch(section: Section, name: str) -> None:
    assert compare(section, name).compared > 0


@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_defaults_are_those_of_torch(section: Section, name: str) -> None:
    try:
        theirs = inspect.signature(getattr(section.theirs, name)).parameters
    except ValueError:
        pytest.skip("a builtin without a signature")
    ours = inspect.signature(getattr(section.ours, name)).parameters
    for option in ours.keys() & theirs.keys() - {"dtype"}:
        assert (ours[option].default == theirs[option].default) is ((name, option) not in DEFAULTS)


def test_lists_of_exceptions_name_what_there_is() -> None:
    known = {name for section in SECTIONS for name in section.entries}
    assert INERT.keys() | {name for name, _ in [*DEFAULTS, *NAMES]} <= known


def test_the_page_is_what_the_tables_say() -> None:
    """Else run `python -m tests.features`."""
    page = Path(__file__).parents[2] / "docs" / "features.md"
    current = page.read_text(encoding="utf-8")
    if f"PyTorch is {VERSION}." not in current:
        pytest.skip(f"written with another version than {VERSION}")
    assert current == text()[0]
