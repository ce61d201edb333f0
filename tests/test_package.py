"""The package as a whole: what importing it costs and brings, and that its documentation is true."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from subprocesses import output

import fastconv as fc

ROOT = Path(__file__).parents[1]
BRIDGES = ("sklearn", "torch")
"""Packages that import the library of their name."""
MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages(fc.__path__, "fastconv.")
    if "._kernels" not in name and "__main__" not in name
)


def test_import_brings_numpy_and_nothing_heavy() -> None:
    code = """
import sys, numpy
before = set(sys.modules)
import fastconv
print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - {'fastconv'}))
"""
    heavy = {"argparse", "json", "matplotlib", "subprocess", "tqdm", "torch", "zipfile", "http", "asyncio", "unittest"}
    assert not heavy & set(output(code).split())


def test_import_takes_less_than_a_tenth_of_a_second_beyond_numpy() -> None:
    """CPU time, and the best of some: other work on the machine does not count."""
    code = """
import time, numpy
start = time.process_time()
import fastconv
print(time.process_time() - start)
"""
    assert min(float(output(code)) for _ in range(5)) < 0.1


def test_every_public_name_is_there_and_documented() -> None:
    for name in fc.__all__:
        value = getattr(fc, name)
        if name != "__version__":
            assert inspect.getdoc(value), name
    assert set(fc.__all__) <= set(dir(fc))
    with pytest.raises(AttributeError, match="no attribute 'conv3d'"):
        fc.conv3d  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", ["fastconv", *MODULES])
def test_examples_in_docstrings_run(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as error:  # a bridge to a package that is not installed
        if "fastconv[" not in str(error):
            raise
        pytest.skip(str(error))
    if name.startswith("fastconv.plot."):
        pytest.importorskip("matplotlib")
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_public_functions_have_examples() -> None:
    from fastconv import functional

    without = [name for name in functional.__all__ if ">>>" not in (getattr(functional, name).__doc__ or "")]
    assert without == []


def test_the_script_in_the_readme_learns() -> None:
    script = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert script is not None
    last = output(script.group(1)).splitlines()[-1]
    accuracy = re.fullmatch(r"epoch 5: loss [0-9.]+, test accuracy ([0-9.]+)%", last)
    assert accuracy is not None and float(accuracy.group(1)) > 95


def test_the_readme_has_exactly_two_commands() -> None:
    assert len(re.findall(r"```sh\n[^\n]+\n```", (ROOT / "README.md").read_text())) == 2


@pytest.mark.parametrize("bridge", BRIDGES)
def test_a_bridge_is_imported_when_used_and_says_what_it_needs(bridge: str) -> None:
    code = f"""
import sys
import fastconv
from fastconv import *
assert "{bridge}" not in sys.modules
sys.modules["{bridge}"] = None
try:
    fastconv.{bridge}
except ImportError as error:
    print(error)
"""
    assert output(code) == f"fastconv.{bridge} needs {bridge}: pip install 'fastconv[{bridge}]'"
