"""The three backends have the same functions with the same parameters in the same order.

The compiled one has more ways to some of them: `a_conv2d...` is algorithm `a` and has the parameters of `conv2d...`.
"""

import inspect
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
