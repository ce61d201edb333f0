"""Models whose layers are swapped: which, why not, and that nothing else of them changes."""

import copy
import re

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import fastconv.torch as ft  # noqa: E402
from fastconv.bench import networks  # noqa: E402


def lenet():
    return networks.NETWORKS["lenet5"](dtype=np.float64).to_torch()


def losses(model, optimizer, steps=5):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(4, 1, 32, 32, generator=generator, dtype=torch.float64), torch.arange(4)
    values = []
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values


def test_a_swapped_model_trains_to_the_same_losses():
    model = lenet()
    twin = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    before = dict(model.named_parameters()), list(model.modules()), repr(model)
    result = ft.replace_layers(model, quiet=True)
    assert not result.left and set(result.swapped.values()) == {"Conv2d", "MaxPool2d", "Linear"}
    after = dict(model.named_parameters()), list(model.modules()), repr(model)
    assert all(a is b for a, b in zip(before[0].values(), after[0].values(), strict=True))
    assert all(a is b for a, b in zip(before[1], after[1], strict=True)) and before[2] == after[2]
    ours = losses(model, optimizer)  # the optimizer that was made before
    assert ours == pytest.approx(losses(twin, torch.optim.Adam(twin.parameters(), lr=1e-3)), rel=1e-9)
    assert ours[-1] < ours[0]


def with_hook(layer):
    layer.register_forward_hook(lambda *_: None)
    return layer


def with_backward_hook(layer):
    layer.register_full_backward_hook(lambda *_: None)
    return layer


def with_other_forward(layer):
    layer.forward = lambda input: input
    return layer


class Own(torch.nn.Conv2d):
    """A derived class."""


LEFT = {
    "meta": (torch.nn.Conv2d(1, 2, 3, device="meta"), "weight must be on the CPU, .* on meta"),
    "half": (torch.nn.Conv2d(1, 2, 3).half(), "weight must be float32 or float64, got torch.float16"),
    "bfloat16": (torch.nn.Linear(1, 2).bfloat16(), "weight must be float32 or float64, got torch.bfloat16"),
    "hooks": (with_hook(torch.nn.MaxPool2d(2)), "it has hooks"),
    "backward": (with_backward_hook(torch.nn.Linear(1, 2)), "it has hooks"),
    "own": (Own(1, 2, 3), "Own: a class of its own"),
    "lazy": (torch.nn.LazyConv2d(2, 3), "LazyConv2d: a class of its own"),
    "weight_norm": (torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(1, 2)), "a class of its own"),
    "forward": (with_other_forward(torch.nn.AvgPool2d(2)), "its forward was replaced"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_and_why(name, capsys):
    layer, reason = LEFT[name]
    kind = type(layer)
    model = torch.nn.Sequential(torch.nn.ModuleDict({"part": layer}), torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU())
    result = ft.replace_layers(model)
    assert result.swapped == {"1": "Conv2d"} and list(result.left) == ["0.part"]
    assert type(layer) is kind and type(model[1]) is ft.Conv2d
    assert re.search(reason, result.left["0.part"])
    printed = capsys.readouterr().out
    assert printed == f"{result}\n"
    assert printed.startswith("computed by fastconv: 1\n") and "left to torch: 1\n" in printed


def test_the_model_may_be_a_layer_and_a_second_call_finds_nothing(capsys):
    layer = torch.nn.Linear(2, 3)
    assert ft.replace_layers(layer).swapped == {"": "Linear"}
    assert type(layer) is ft.Linear
    assert ft.replace_layers(layer) == ({}, {})
    assert capsys.readouterr().out == (
        "computed by fastconv: 1\n  the model itself  Linear\nleft to torch: none\n"
        "computed by fastconv: none\nleft to torch: none\n"
    )


def test_a_layer_that_stands_twice_is_swapped_once():
    layer = torch.nn.Linear(2, 2)
    model = torch.nn.Sequential(layer, layer)
    assert ft.replace_layers(model, quiet=True).swapped == {"0": "Linear"}
    assert model[0] is model[1] and type(layer) is ft.Linear


def test_a_model_that_leaves_the_cpu_later_is_refused_when_called():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2))
    ft.replace_layers(model, quiet=True)
    with pytest.raises(TypeError, match="linear: input must be on the CPU"):
        model.to("meta")(torch.zeros(1, 2, device="meta"))
    assert model.to_empty(device="cpu")(torch.zeros(1, 2)).shape == (1, 2)


@pytest.mark.parametrize(("argument", "value"), [("model", 3), ("model", None), ("quiet", 1)])
def test_bad_arguments(argument, value):
    arguments = {"model": torch.nn.ReLU(), argument: value}
    with pytest.raises(TypeError, match=f"replace_layers: {argument} must be"):
        ft.replace_layers(**arguments)
