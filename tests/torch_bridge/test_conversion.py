"""Modules of torch as modules of fastconv and back: the same outputs, names and flags, or an error with the path."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from features.entry import No, With  # noqa: E402
from features.layers import LAYERS as OPTIONS  # noqa: E402
from models.test_torch_parity import NETWORKS  # noqa: E402

import fastconv as fc  # noqa: E402
import fastconv.torch as ft  # noqa: E402
from fastconv import nn  # noqa: E402
from fastconv.torch.counterparts import LAYERS  # noqa: E402

from_torch = nn.Module.from_torch


def variants(entry):
    """Arguments of a layer, with one option at a time."""
    yield entry.base
    for name, values in entry.options.items():
        if isinstance(values, No) or name in ("device", "dtype", "args", "kwargs"):
            continue
        for value in values:
            yield {**entry.base, **(value if isinstance(value, With) else {name: value})}


CASES = [
    pytest.param(name, arguments, id=f"{name}-{number}")
    for name in LAYERS
    for number, arguments in enumerate(variants(OPTIONS[name]))
]


def run(model, arrays):
    """Outputs as arrays, whatever computes them."""
    if isinstance(model, torch.nn.Module):
        with torch.no_grad():
            output = model(*map(torch.from_numpy, arrays))
    else:
        output = model(*arrays)
    return [np.asarray(part) for part in (output if isinstance(output, tuple) else (output,))]


def assert_same_outputs(a, b, arrays, tolerance=1e-10):
    for left, right in zip(run(a, arrays), run(b, arrays), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


def assert_same_state(ours, theirs):
    state, other = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(other)
    for name, array in state.items():
        assert np.array_equal(array, other[name].numpy()) and str(array.dtype) in str(other[name].dtype)


@pytest.mark.parametrize(("name", "arguments"), CASES)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_layers_with_every_option_go_both_ways(name, arguments):
    theirs = getattr(torch.nn, name)(**arguments).double().eval()
    with torch.no_grad():
        for tensor in (*theirs.parameters(), *theirs.buffers()):
            tensor.copy_(torch.rand(tensor.shape) + 0.5)
    ours = from_torch(theirs)
    assert type(ours) is getattr(nn, name) and not ours.training
    back = ours.to_torch()
    assert type(back) is type(theirs) and repr(back) == repr(theirs) and not back.training
    for other in (theirs, back):
        assert_same_state(ours, other)
        assert_same_outputs(ours, other, OPTIONS[name].inputs, max(OPTIONS[name].tolerance, 1e-10))
    ours.train()
    for parameter, tensor in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert not np.shares_memory(parameter.data, tensor.detach().numpy())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_known_network_goes_both_ways(name):
    options, shape = NETWORKS[name]
    ours = getattr(fc.models, name)(**options, rng=0, dtype=np.float64).eval()
    theirs = ours.to_torch()
    again = from_torch(theirs)
    images = (np.random.default_rng(0).standard_normal(shape),)
    assert_same_state(ours, theirs)
    assert_same_outputs(ours, theirs, images)
    np.testing.assert_array_equal(again(*images), ours(*images))
    assert_same_state(again, theirs)


def test_containers():
    ours = nn.Sequential(
        nn.Residual(nn.Sequential({"fc": nn.Linear(3, 3, rng=0), "act": nn.ReLU()})),
        nn.Residual(nn.Linear(3, 4, rng=1), nn.Linear(3, 4, rng=2)),
        nn.Concat({"a": nn.Identity(), "b": nn.Tanh()}),
    )
    theirs, x = ours.to_torch(), (np.random.default_rng(0).standard_normal((2, 3), np.float32),)
    assert_same_state(ours, theirs)
    assert_same_outputs(ours, theirs, x, 1e-6)
    assert repr(from_torch(theirs)) == repr(ours)
    lists = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.ModuleDict({"x": torch.nn.Tanh()})])
    assert repr(from_torch(lists)) == repr(nn.ModuleList([nn.ReLU(), nn.ModuleDict({"x": nn.Tanh()})]))


def test_flags_and_what_stands_at_two_places():
    shared = torch.nn.Linear(3, 3)
    tied = torch.nn.Linear(3, 3)
    tied.weight = shared.weight
    theirs = torch.nn.Sequential(shared, torch.nn.Dropout(0.25).eval(), shared, tied)
    shared.bias.requires_grad_(False)
    for model in (from_torch(theirs), from_torch(theirs).to_torch()):
        assert model[0] is model[2] and model[3].weight is model[0].weight and model[3].bias is not model[0].bias
        assert [module.training for module in model] == [True, False, True, True] and model[1].p == 0.25
        assert not model[0].bias.requires_grad and model[0].weight.requires_grad


def test_layers_of_fastconv_torch_and_derived_containers():
    class Unit(torch.nn.Sequential):
        """As torchvision's Conv2dNormActivation: nothing but a constructor."""

    theirs = Unit(ft.Conv2d(1, 2, 3), torch.nn.ReLU())
    ours = from_torch(theirs)
    assert type(ours) is nn.Sequential and type(ours[0]) is nn.Conv2d and type(ours.to_torch()[0]) is torch.nn.Conv2d


def test_training_goes_on_alike():
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten()).double()
    ours, x = from_torch(theirs), np.random.default_rng(0).standard_normal((3, 1, 5, 5))
    theirs(torch.from_numpy(x)).square().sum().backward()
    ours.backward(2 * ours(x), input_grad=False)
    for (name, parameter), tensor in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(parameter.grad, tensor.grad, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(ours[1].running_var, theirs[1].running_var, rtol=1e-12)


def hooked(module):
    module.register_forward_hook(lambda *_: None)
    return module


def pruned(module):
    module.weight = torch.nn.Parameter(module.weight[:1].detach())
    return module


class Own(torch.nn.Linear):
    def forward(self, input):
        return 2 * super().forward(input)


class Net(torch.nn.Module):
    pass


TO_FASTCONV = {
    "class": (Net(), TypeError, "Net.: a class without a counterpart"),
    "own": (Own(1, 2), TypeError, "Own.: a class of its own, with another forward than Linear"),
    "hooks": (hooked(torch.nn.ReLU()), TypeError, "it has hooks"),
    "option": (torch.nn.Upsample(size=4), ValueError, "size=4 has no counterpart"),
    "value": (torch.nn.Upsample(scale_factor=1.5), ValueError, "Upsample: scale_factor"),
    "meta": (torch.nn.Linear(1, 2, device="meta"), TypeError, "weight must be on the CPU"),
    "half": (torch.nn.Linear(1, 2).half(), TypeError, "weight must be float32 or float64, got torch.float16"),
    "statistics": (torch.nn.BatchNorm2d(3, affine=False).half(), TypeError, "running_mean must be float32"),
    "lazy": (torch.nn.LazyLinear(2), TypeError, "it has hooks"),
    "pruned": (pruned(torch.nn.Linear(3, 2)), ValueError, r"weight has shape \(1, 3\) where its options make it"),
    "norm": (
        torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(1, 2)),
        ValueError,
        "its parameters are bias, those of its counterpart weight, bias",
    ),
}


@pytest.mark.parametrize("name", TO_FASTCONV)
def test_what_fastconv_has_not(name):
    module, error, text = TO_FASTCONV[name]
    model = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(module))
    with pytest.raises(error, match=rf"^from_torch: 1\.0 \(.*{text}"):
        from_torch(model)
    with pytest.raises(error, match=r"^from_torch: the model itself \("):
        from_torch(module)


class Scaled(nn.Linear):
    def backward(self, grad_output, *, input_grad=True):
        return super().backward(2 * grad_output, input_grad=input_grad)


def our_hook(module):
    module.register_forward_pre_hook(lambda *_: None)
    return module


def our_backward_hook(module):
    module.register_full_backward_hook(lambda *_: None)
    return module


TO_TORCH = {
    "class": (nn.CrossEntropyLoss(), TypeError, "a class without a counterpart"),
    "own": (Scaled(1, 2), TypeError, "a class of its own, with another forward or backward than Linear"),
    "hooks": (our_hook(nn.ReLU()), TypeError, "it has hooks"),
    "backward": (our_backward_hook(nn.ReLU()), TypeError, "its forward or backward was replaced"),
    "sides": (nn.Conv2d(1, 2, 3, padding=((1, 0), (0, 1))), ValueError, "padding=.* torch pads both sides alike"),
    "same": (nn.Conv2d(1, 2, 3, stride=2, padding="same"), ValueError, "padding='same' is not supported for strided"),
}


@pytest.mark.parametrize("name", TO_TORCH)
def test_what_torch_has_not(name):
    module, error, text = TO_TORCH[name]
    with pytest.raises(error, match=rf"^to_torch: 1\.0 \({type(module).__name__}\): {text}"):
        nn.Sequential(nn.ReLU(), nn.Sequential(module)).to_torch()


@pytest.mark.parametrize("value", [None, 3, nn.ReLU(), torch.ones(2), torch.nn.ReLU])
def test_from_torch_takes_modules(value):
    with pytest.raises(TypeError, match=r"from_torch: module must be a torch\.nn\.Module, got"):
        from_torch(value)
