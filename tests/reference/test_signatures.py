"""The three backends have the same functions with the same parameters in the same order, as documented.

The compiled one has more ways to some of them: `a_conv2d...` is algorithm `a` and has the parameters of `conv2d...`.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from fastconv import _backend
from fastconv.reference import numpy as vectorised
from fastconv.reference import python

NAMES = sorted(python.__all__)
ALGORITHMS = ("depthwise", "pointwise", "winograd")


def plain(name: str) -> str:
    """The function that a compiled one computes."""
    algorithm, _, rest = name.partition("_")
    return rest if algorithm in ALGORITHMS else name


def parameters(function: Any) -> list[tuple[str, Any]]:
    return [(p.name, p.kind) for p in inspect.signature(function).parameters.values()]


def test_the_twins_have_the_same_functions() -> None:
    assert sorted(vectorised.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_twins_have_the_same_parameters(name: str) -> None:
    assert parameters(getattr(vectorised, name)) == parameters(getattr(python, name))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", _backend.runnable())
def test_the_compiled_kernels_are_the_twins(isa: str, dtype: str) -> None:
    compiled = vars(_backend.kernels(isa, dtype))
    assert sorted(name for name in compiled if plain(name) == name) == NAMES
    for name in compiled:
        assert plain(name) in NAMES, name
        assert parameters(compiled[name]) == parameters(getattr(python, plain(name))), name


@pytest.mark.parametrize("isa", _backend.runnable())
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_has_forward_and_gradients(algorithm: str, isa: str) -> None:
    compiled = vars(_backend.kernels(isa, "float32"))
    names = {"conv2d", "conv2d_grad_input", "conv2d_grad_weight"}
    if algorithm == "pointwise":
        names.remove("conv2d_grad_weight")  # the direct sum serves it
    assert {name for name in compiled if name.startswith(f"{algorithm}_")} == {f"{algorithm}_{name}" for name in names}


def contract() -> dict[str, tuple[list[tuple[str, bool]], bool]]:
    """Kernels of the contract in docs/design.md: parameters and whether they may be None; whether a bool comes back."""
    text = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")
    chapter = text.partition("## The kernel contract")[2].partition("\n## ")[0]
    _, block, rest = re.split(r"(?ms)^```$.*?^```$.*?^```$(.*?)^```$", chapter)
    assert "```" not in rest
    # A kernel starts a line or follows a gap; formulas stand in running text.
    listed = re.findall(r"(?m)(?:^|\s{3,})([a-z]\w*)\(([^)]*)\)( -> bool)?", block)
    assert len(listed) == len({name for name, _, _ in listed})
    return {
        name: ([(re.split(r"[|=]", p)[0].strip(), "None" in p) for p in parameters.split(",")], bool(result))
        for name, parameters, result in listed
    }


def test_the_documented_contract_is_the_twins() -> None:
    def signature(function: Any) -> tuple[list[tuple[str, bool]], bool]:
        found = inspect.signature(function)
        parameters = [(p.name, "None" in str(p.annotation)) for p in found.parameters.values()]
        return parameters, found.return_annotation is bool

    assert contract() == {name: signature(getattr(python, name)) for name in NAMES}


@pytest.mark.skipif("cython" not in _backend.available_backends(), reason="built without extensions")
@pytest.mark.parametrize("name", ["cpu", "parallel"])
def test_stubs_are_the_compiled_modules(name: str) -> None:
    module = importlib.import_module(f"fastconv._kernels.{name}")
    stub = Path(_backend.__file__).parent / "_kernels" / f"{name}.pyi"
    body = ast.parse(stub.read_text(encoding="utf-8")).body
    functions = {node.name: [a.arg for a in node.args.args] for node in body if isinstance(node, ast.FunctionDef)}
    values = {node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    public = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    assert len(functions) + len(values) == len(body)
    assert functions == {key: list(inspect.signature(f).parameters) for key, f in public.items() if callable(f)}
    assert values == {key for key, value in public.items() if not callable(value)}
