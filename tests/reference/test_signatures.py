"""The three backends have the same functions with the same parameters in the same order."""

import inspect
from typing import Any

import pytest

from fastconv import _backend
from fastconv.reference import numpy as vectorised
from fastconv.reference import python

NAMES = sorted(python.__all__)
ALGORITHMS = ("winograd",)
"""The compiled backend has a kernel ``<algorithm>_conv2d...`` beside each ``conv2d...``, but for the bias."""


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
    kernels = {name: name for name in NAMES} | {
        f"{algorithm}_{name}": name for algorithm in ALGORITHMS for name in NAMES
        if name.startswith("conv2d") and name != "conv2d_grad_bias"
    }  # fmt: skip
    assert sorted(compiled) == sorted(kernels)
    for kernel, name in kernels.items():
        assert parameters(compiled[kernel]) == parameters(getattr(python, name)), kernel
