"""Every public class and function says which argument is wrong, by the right kind of error, and changes nothing."""

import inspect
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim

from .calls import CALLS, NOWHERE, Call

MODULES = (
    *(nn, nn.init, nn.utils, optim, optim.lr_scheduler),
    *(fc.data, fc.distributed, fc.models, fc.plot, fc.train, fc),
)
COVERED_ELSEWHERE = {
    # Base classes and records, of which nothing is constructed with arguments.
    *("Module", "Optimizer", "LRScheduler", "RemovableHandle", "History", "Transform", "Split"),
    *("Identity", "Sigmoid", "Tanh"),  # take nothing, or anything
    *("SequentialLR", "ChainedScheduler"),  # tests/optim/lr_scheduler/test_composition.py
    *(name for name in fc.models.__all__ if name != "lenet5"),  # tests/models/test_arguments.py
    *("Callback", "Metric", "Run", "ProgressBar", "TerminateOnNaN"),  # take nothing, or are never made by users
    "TensorBoard",  # tests/train/test_callbacks.py, where its package is installed
    "RMSProp",  # another name
    *("Communicator", "init", "failing_together"),  # tests/distributed
}


def arguments_of(call: Call) -> list[str]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in inspect.signature(call.function).parameters.values() if p.kind not in kinds]


CELLS = [
    pytest.param(name, argument, error, value, id=f"{name}-{argument}-{error.__name__}{i}")
    for name, call in CALLS.items()
    for argument in arguments_of(call)
    for error, values in zip((TypeError, ValueError), call.kind(argument), strict=True)
    for i, value in enumerate(values)
]


def snapshot(value: Any) -> Any:
    """The bytes of all arrays in an argument."""
    if isinstance(value, nn.Parameter):
        return value.data.tobytes(), None if value.grad is None else value.grad.tobytes()
    if isinstance(value, nn.Module):
        return [snapshot(p) for p in value.parameters()]
    if isinstance(value, optim.Optimizer):
        return repr(value), snapshot(value.param_groups)
    if isinstance(value, dict):
        return [(name, snapshot(item)) for name, item in value.items()]
    if isinstance(value, list | tuple):
        return [snapshot(item) for item in value]
    return value.tobytes() if isinstance(value, np.ndarray) else value


@pytest.fixture(autouse=True)
def what_draws(request: pytest.FixtureRequest) -> None:
    """Calls that draw need matplotlib."""
    if "name" in request.fixturenames and request.getfixturevalue("name") in fc.plot.__all__:
        pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def settings_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run where there are no files, and see that no call has changed a setting."""
    monkeypatch.chdir(tmp_path)
    before = fc.get_backend(), fc.get_float32_conv_precision()
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    assert (fc.get_backend(), fc.get_float32_conv_precision()) == before


def test_every_public_name_has_a_call() -> None:
    public = {
        name
        for module in MODULES
        for name in module.__all__
        if callable(getattr(module, name)) and not name.startswith("get_")
    }
    assert public - CALLS.keys() == (COVERED_ELSEWHERE | {"available_backends"}) - CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_the_call_itself_is_valid(name: str) -> None:
    call = CALLS[name]
    if name in NOWHERE:
        with pytest.raises(FileNotFoundError):
            call.function(**call.arguments())
    else:
        call.function(**call.arguments())


@pytest.mark.parametrize(("name", "argument", "error", "value"), CELLS)
def test_bad_values(name: str, argument: str, error: type[Exception], value: Any) -> None:
    """The text starts with the name; `f_` may say that it is `f`, which makes its values, that refuses."""
    call = CALLS[name]
    arguments = call.arguments() | {argument: value}
    before = snapshot(arguments)
    with pytest.raises(error) as caught:
        call.function(**arguments)
    assert type(caught.value) is error
    said, _, text = str(caught.value).partition(": ")
    assert said.partition(".")[0] in (name, name.removesuffix("_"))
    assert call.says.get(argument, argument) in text
    assert repr(snapshot(arguments)) == repr(before)
