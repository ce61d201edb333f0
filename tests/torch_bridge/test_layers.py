"""Layers: torch's classes in all but forward, in training loops, copies and files."""

import copy
import io
import warnings

import pytest

torch = pytest.importorskip("torch")

import fastconv.torch as ft  # noqa: E402

LAYERS = {
    "Conv2d": ((4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (2, 4, 9, 8)),
    "ConvTranspose2d": ((4, 6, 3), {"stride": 2, "output_padding": 1, "bias": False}, (2, 4, 5, 4)),
    "Linear": ((5, 4), {}, (3, 7, 5)),
    "MaxPool2d": ((3,), {"stride": 2, "padding": 1, "return_indices": True}, (2, 3, 7, 6)),
    "AvgPool2d": ((3,), {"stride": 2, "ceil_mode": True, "divisor_override": 4}, (2, 3, 7, 6)),
}


def made(name):
    """The same layer of torch and of fastconv, and an input."""
    arguments, options, shape = LAYERS[name]
    layers = []
    for library in (torch.nn, ft):
        torch.manual_seed(0)
        layers.append(getattr(library, name)(*arguments, **options))
    return *layers, torch.randn(shape, requires_grad=True)


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_is_torchs(name):
    theirs, ours, x = made(name)
    assert isinstance(ours, type(theirs)) and repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    a, b = ours(x), theirs(x)
    torch.testing.assert_close(a, b)
    first = a[0] if isinstance(a, tuple) else a
    assert type(first.grad_fn).__name__ == f"{name}Backward"


def passed(layer, x):
    """Output and all gradients."""
    output = layer(x)
    output = output[0] if isinstance(output, tuple) else output
    return [output.detach(), *torch.autograd.grad(output.square().sum(), [x, *layer.parameters()])]


@pytest.mark.parametrize("name", LAYERS)
def test_gradcheck(name):
    _, layer, x = made(name)
    names, values = zip(*layer.double().named_parameters(), strict=True) if list(layer.parameters()) else ((), ())

    def output(x, *values):
        result = torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))
        return result[0] if isinstance(result, tuple) else result

    image = x.detach().double()[:1, :, :5].requires_grad_()
    assert torch.autograd.gradcheck(output, (image, *values))


@pytest.mark.parametrize("name", LAYERS)
def test_copies_and_files(name):
    _, ours, x = made(name)
    expected = passed(ours, x)
    file = io.BytesIO()
    torch.save(ours, file)
    file.seek(0)
    state = io.BytesIO()
    torch.save(ours.state_dict(), state)
    state.seek(0)
    _, fresh, _ = made(name)
    with torch.no_grad():
        for parameter in fresh.parameters():
            parameter.zero_()
    fresh.load_state_dict(torch.load(state, weights_only=True))
    for twin in (copy.deepcopy(ours), torch.load(file, weights_only=False), fresh):
        assert type(twin) is getattr(ft, name)
        assert all(torch.equal(a, b) for a, b in zip(passed(twin, x), expected, strict=True))


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [2, (1, 2), "same"])
def test_padding_modes(mode, padding):
    layers = []
    for library in (torch.nn, ft):
        torch.manual_seed(1)
        layers.append(library.Conv2d(3, 4, (4, 3), padding=padding, padding_mode=mode, dtype=torch.float64))
    x = torch.randn(2, 3, 8, 7, dtype=torch.float64, requires_grad=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same'", UserWarning)  # torch says it once in a process
        expected = passed(layers[0], x)
    for a, b in zip(passed(layers[1], x), expected, strict=True):
        torch.testing.assert_close(a, b)


def test_a_size_of_the_output():
    torch.manual_seed(0)
    layer = ft.ConvTranspose2d(2, 3, 3, stride=2)
    x = torch.randn(1, 2, 4, 4)
    assert layer(x).shape == (1, 3, 9, 9)
    output = layer(x, output_size=(10, 9))
    torch.testing.assert_close(output, torch.nn.ConvTranspose2d.forward(layer, x, (10, 9)))
    with pytest.raises(ValueError, match="requested an output size"):
        layer(x, output_size=(20, 9))


def test_a_training_loop_of_shared_and_frozen_layers():
    def losses(library):
        torch.manual_seed(0)
        shared = library.Conv2d(4, 4, 3, padding=1)
        start = (library.Conv2d(1, 4, 3), torch.nn.ReLU(inplace=True), shared, torch.nn.Tanh(), shared)
        end = (library.MaxPool2d(2), torch.nn.Flatten(), library.Linear(36, 3))
        model = torch.nn.Sequential(*start, *end).double()
        model[0].bias.requires_grad_(False)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        x, y = torch.randn(6, 1, 8, 8, dtype=torch.float64), torch.arange(6) % 3
        values = []
        for _ in range(10):
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            values.append(loss.item())
        assert model[0].bias.grad is None
        return values

    ours, theirs = losses(ft), losses(torch.nn)
    assert ours == pytest.approx(theirs, rel=1e-9) and ours[-1] < 0.6 * ours[0]


def test_hooks_and_accumulated_gradients():
    layer, x = ft.Conv2d(2, 3, 3), torch.randn(2, 2, 5, 5, requires_grad=True)
    seen = []
    layer.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    layer.register_full_backward_hook(lambda module, before, after: seen.append(before[0].shape))
    layer(x).sum().backward()
    once = layer.weight.grad.clone()
    layer(x).sum().backward()
    torch.testing.assert_close(layer.weight.grad, 2 * once)
    assert seen == [(2, 3, 3, 3), (2, 2, 5, 5)] * 2


def test_autocast_is_torchs():
    layer, x = ft.Conv2d(2, 3, 3), torch.randn(2, 2, 5, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = layer(x)
    assert output.dtype is torch.bfloat16


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_recorded_models_are_torchs():
    model = torch.nn.Sequential(ft.Conv2d(2, 3, 3), ft.MaxPool2d(2), torch.nn.Flatten(), ft.Linear(12, 2)).eval()
    x = torch.randn(1, 2, 6, 6)
    traced, exported = torch.fx.symbolic_trace(model), torch.export.export(model, (x,))
    for graph in (traced.graph, exported.graph):
        assert "conv2d" in str(graph) and "linear" in str(graph)
    for other in (traced, exported.module(), torch.jit.trace(model, x)):
        torch.testing.assert_close(other(x), model(x))
