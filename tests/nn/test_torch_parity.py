"""Layers and losses against PyTorch: text, states, outputs, all gradients."""

import numpy as np
import pytest

from fastconv import nn

torch = pytest.importorskip("torch")

IMAGE, SIGNAL, VECTOR = (2, 4, 9, 8), (2, 4, 11), (5, 6)

# Constructor, positional and keyword arguments, shape of the input.
LAYERS = [
    ("Conv2d", (4, 6, 3), {}, IMAGE),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}, IMAGE),
    ("Conv2d", (4, 6, 3), {"groups": 2, "bias": False}, IMAGE),
    ("Conv2d", (4, 8, 3), {"groups": 4, "padding": "same"}, IMAGE),
    ("Conv2d", (4, 3, 5), {"padding": "valid"}, IMAGE),
    ("Conv2d", (4, 3, 3), {"padding": 2, "padding_mode": "reflect"}, IMAGE),
    ("Conv2d", (4, 3, 3), {"padding": (1, 2), "padding_mode": "circular", "stride": 2}, IMAGE),
    ("Conv2d", (4, 3, 3, 1, 1, 1, 1, True, "replicate"), {}, (4, 9, 8)),
    ("Conv1d", (4, 6, 3), {}, SIGNAL),
    ("Conv1d", (4, 6, 3, 2, 1, 2, 2, False), {}, SIGNAL),
    ("Conv1d", (4, 8, (5,)), {"groups": 4, "padding": "same", "padding_mode": "reflect"}, SIGNAL),
    ("Conv1d", (4, 3, 3), {"padding": 3, "padding_mode": "circular"}, (4, 11)),
    ("ConvTranspose2d", (4, 6, 3), {}, IMAGE),
    ("ConvTranspose2d", (4, 6, 3, 2, 1, 1, 2, False), {}, IMAGE),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": (1, 3), "output_padding": (1, 2), "dilation": (2, 1)}, IMAGE),
    ("ConvTranspose2d", (4, 4, 2), {"stride": 2, "groups": 4, "padding": (0, 1)}, (4, 9, 8)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}, SIGNAL),
    ("ConvTranspose1d", (4, 6, 4), {"groups": 2, "bias": False, "dilation": 3}, SIGNAL),
    ("Linear", (6, 3), {}, VECTOR),
    ("Linear", (6, 3, False), {}, VECTOR),
    ("Linear", (8, 3), {}, (2, 4, 8)),
    ("MaxPool2d", (2,), {}, IMAGE),
    ("MaxPool2d", (3, 2, 1), {"ceil_mode": True}, IMAGE),
    ("MaxPool2d", ((3, 2),), {"stride": (1, 2), "dilation": (2, 1)}, IMAGE),
    ("MaxPool1d", (2,), {}, SIGNAL),
    ("MaxPool1d", (3, 2, 1), {"ceil_mode": True, "dilation": 2}, SIGNAL),
    ("AvgPool1d", (2,), {}, SIGNAL),
    ("AvgPool1d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, SIGNAL),
    ("AdaptiveAvgPool2d", (1,), {}, IMAGE),
    ("AdaptiveAvgPool2d", ((4, None),), {}, IMAGE),
    ("AdaptiveAvgPool2d", ((3, 4),), {}, (4, 9, 8)),
    ("AdaptiveMaxPool2d", (1,), {}, IMAGE),
    ("AdaptiveMaxPool2d", ((None, 3),), {}, IMAGE),
    ("AvgPool2d", (2,), {}, IMAGE),
    ("AvgPool2d", ((3, 2),), {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}, IMAGE),
    ("AvgPool2d", (3, 2), {"divisor_override": 5}, IMAGE),
    ("ZeroPad2d", (2,), {}, IMAGE),
    ("ZeroPad2d", ((1, -2, 3, 0),), {}, IMAGE),
    ("ConstantPad2d", ((1, 2, 3, 4), 3.5), {}, IMAGE),
    ("ReflectionPad2d", ((3, 1, 0, 2),), {}, IMAGE),
    ("ReplicationPad2d", ((3, 1, 0, 12),), {}, IMAGE),
    ("CircularPad2d", ((3, 1, 0, 9),), {}, IMAGE),
    ("Flatten", (), {}, IMAGE),
    ("Flatten", (2,), {}, IMAGE),
    ("Flatten", (0, -2), {}, IMAGE),
    ("Unflatten", (1, (2, 2)), {}, IMAGE),
    ("Unflatten", (-1, (2, -1, 1)), {}, IMAGE),
    ("Upsample", (), {"scale_factor": 2}, IMAGE),
    ("Upsample", (), {"scale_factor": 3.0, "mode": "nearest"}, IMAGE),
    ("Upsample", (), {"scale_factor": (1, 4)}, IMAGE),
    ("Identity", (), {}, IMAGE),
    ("Identity", (3, "a"), {"b": 1}, IMAGE),
    ("ReLU", (), {}, IMAGE),
    ("ReLU", (), {"inplace": True}, IMAGE),
    ("Sigmoid", (), {}, VECTOR),
    ("Tanh", (), {}, VECTOR),
    ("LeakyReLU", (), {}, IMAGE),
    ("LeakyReLU", (0.25, True), {}, IMAGE),
    ("ELU", (), {}, IMAGE),
    ("ELU", (0.5,), {"inplace": True}, IMAGE),
    ("GELU", (), {}, IMAGE),
    ("GELU", ("tanh",), {}, IMAGE),
    ("SiLU", (), {}, IMAGE),
    ("SiLU", (True,), {}, IMAGE),
    ("ReLU6", (), {}, IMAGE),
    ("ReLU6", (True,), {}, IMAGE),
    ("Hardtanh", (), {}, IMAGE),
    ("Hardtanh", (-0.5, 0.25, True), {}, IMAGE),
    ("Hardswish", (), {}, IMAGE),
    ("Hardswish", (), {"inplace": True}, IMAGE),
    ("Softplus", (), {}, IMAGE),
    ("Softplus", (2.0, 1.5), {}, IMAGE),
    ("Softmax", (), {}, VECTOR),
    ("Softmax", (), {}, (4, 9, 8)),
    ("Softmax", (1,), {}, IMAGE),
    ("Softmax", (), {"dim": -1}, (4, 9, 8)),
    ("LogSoftmax", (), {}, IMAGE),
    ("LogSoftmax", (), {}, (6,)),
    ("LogSoftmax", (-2,), {}, IMAGE),
]


def values(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize(("name", "args", "kwargs", "shape"), LAYERS)
def test_layer(name, args, kwargs, shape):
    ours, theirs = getattr(nn, name)(*args, **kwargs), getattr(torch.nn, name)(*args, **kwargs).double()
    assert repr(ours) == repr(theirs)
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    if list(ours.parameters()):
        ours = getattr(nn, name)(*args, **kwargs, dtype=np.float64)
    ours.load_state_dict(theirs.state_dict())

    x = values(shape)
    t = torch.from_numpy(x.copy()).requires_grad_()
    output = theirs(t * 1.0)  # not a leaf, for the in-place layer
    np.testing.assert_allclose(ours(x), output.detach().numpy(), rtol=1e-12, atol=1e-12)
    grad_output = values(output.shape, 1)
    output.backward(torch.from_numpy(grad_output))
    np.testing.assert_allclose(ours.backward(grad_output), t.grad.numpy(), rtol=1e-12, atol=1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(18, 23), (19, 22), (2, 3, 18, 24), [19, 24]])
def test_transposed_convolution_of_a_given_size(size):
    options = {"stride": (2, 3), "padding": (0, 1), "output_padding": (1, 0), "dilation": (1, 2)}
    ours = nn.ConvTranspose2d(4, 3, 2, **options, dtype=np.float64)
    theirs = torch.nn.ConvTranspose2d(4, 3, 2, **options).double()
    ours.load_state_dict(theirs.state_dict())
    x = values(IMAGE)
    t = torch.from_numpy(x.copy()).requires_grad_()
    output = theirs(t, output_size=list(size))
    np.testing.assert_allclose(ours(x, size), output.detach().numpy(), rtol=1e-12, atol=1e-12)
    grad_output = values(output.shape, 1)
    output.backward(torch.from_numpy(grad_output))
    np.testing.assert_allclose(ours.backward(grad_output), t.grad.numpy(), rtol=1e-12, atol=1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(17, 22), (20, 22), (18, 21), (18, 25), (18,), (3, 18, 22), (2, 3, 18, 30)])
def test_a_size_that_no_transposed_convolution_gives(size):
    options = {"stride": (2, 3), "padding": (0, 1), "dilation": (1, 2)}
    ours, theirs = nn.ConvTranspose2d(4, 3, 2, **options), torch.nn.ConvTranspose2d(4, 3, 2, **options)
    x = np.zeros(IMAGE, np.float32)
    with pytest.raises(ValueError, match="ConvTranspose2d: output_size must"):
        ours(x, size)
    with pytest.raises(ValueError):
        theirs(torch.from_numpy(x), output_size=list(size))


@pytest.mark.parametrize(("args", "more"), [((2,), ()), ((3, 2, 1), ((9, 8),)), (((2, 3),), ((2, 4, 8, 8),))])
def test_unpooling(args, more):
    ours, theirs = nn.MaxUnpool2d(*args), torch.nn.MaxUnpool2d(*args)
    assert repr(ours) == repr(theirs)
    image = torch.from_numpy(np.random.default_rng(0).permutation(2 * 4 * 9 * 8).reshape(IMAGE) * 1.0)
    pooled, indices = torch.nn.functional.max_pool2d(image, *args, return_indices=True)
    leaf = pooled.clone().requires_grad_()
    output = theirs(leaf, indices, *more)
    np.testing.assert_array_equal(ours(pooled.numpy(), indices.numpy(), *more), output.detach().numpy())
    grad_output = values(output.shape, 1)
    output.backward(torch.from_numpy(grad_output))
    # Of several for one place, torch gives all of them its gradient, though it keeps only one.
    places = indices.flatten(2).numpy()
    later = (places[..., :, None] == places[..., None, :]) & np.triu(np.ones((places.shape[2],) * 2, bool), 1)
    stays = ~later.any(axis=-1).reshape(indices.shape)
    np.testing.assert_array_equal(ours.backward(grad_output), np.where(stays, leaf.grad.numpy(), 0))
def test_hardsigmoid():
    """In float32: torch's gradient has a sixth in float32 also for float64."""
    ours, theirs = nn.Hardsigmoid(inplace=True), torch.nn.Hardsigmoid(inplace=True)
    assert repr(ours) == repr(theirs)
    x, grad_output = 3 * values(IMAGE).astype(np.float32), values(IMAGE, 1).astype(np.float32)
    t = torch.from_numpy(x.copy()).requires_grad_()
    output = theirs(t * 1.0)
    output.backward(torch.from_numpy(grad_output))
    np.testing.assert_allclose(ours(x), output.detach().numpy(), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ours.backward(grad_output), t.grad.numpy(), rtol=1e-6)


def test_sequential_text_and_names():
    def net(lib):
        inner = lib.Sequential(lib.Conv2d(1, 2, 3), lib.ReLU())
        return lib.Sequential(inner, lib.Flatten(), lib.Sequential(), lib.Linear(8, 2))

    ours, theirs = net(nn), net(torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in ours.state_dict().items()})
    x = values((3, 1, 4, 4)).astype(np.float32)
    np.testing.assert_allclose(ours(x), theirs(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_frozen_parameters_get_no_gradient():
    ours = nn.Conv2d(1, 2, 3, dtype=np.float64)
    ours.weight.requires_grad = False
    output = ours(values((1, 1, 4, 4)))
    ours.backward(np.ones_like(output))
    assert ours.weight.grad is None and ours.bias.grad.tolist() == [4, 4]


CLASSES = np.array([2, 0, 1, 2, -100])
WEIGHT = np.array([0.5, 2.0, 1.0])
SOFT = np.random.default_rng(2).dirichlet(np.ones(3), 5)
PIXELS = np.random.default_rng(3).integers(0, 3, (5, 2, 4))

CROSS_ENTROPIES = [
    (CLASSES, {}),
    (CLASSES, {"weight": WEIGHT}),
    (CLASSES, {"ignore_index": 2}),
    (CLASSES, {"label_smoothing": 0.1, "weight": WEIGHT}),
    (SOFT, {}),
    (SOFT, {"label_smoothing": 0.3, "weight": WEIGHT}),
    (PIXELS, {"weight": WEIGHT}),
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("target", "options"), CROSS_ENTROPIES)
def test_cross_entropy(target, options, reduction):
    if options.get("ignore_index") == 2:
        target = np.where(target < 0, 1, target)
    z = values((5, 3, *target.shape[1:]) if target.dtype == np.int64 else (5, 3))
    ours = nn.CrossEntropyLoss(**options, reduction=reduction)
    theirs = torch.nn.CrossEntropyLoss(
        **{k: torch.from_numpy(v) if k == "weight" else v for k, v in options.items()}, reduction=reduction
    )
    compare(ours, theirs, z, target)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("names", [(), ("weight",), ("pos_weight",), ("weight", "pos_weight")])
def test_binary_cross_entropy(names, reduction):
    options = dict.fromkeys(names, WEIGHT)
    ours = nn.BCEWithLogitsLoss(**options, reduction=reduction)
    theirs = torch.nn.BCEWithLogitsLoss(**{k: torch.from_numpy(v) for k, v in options.items()}, reduction=reduction)
    compare(ours, theirs, 5 * values((5, 3)), SOFT)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("MSELoss", {}),
        ("L1Loss", {}),
        ("HuberLoss", {}),
        ("HuberLoss", {"delta": 0.25}),
        ("SmoothL1Loss", {}),
        ("SmoothL1Loss", {"beta": 0.25}),
    ],
)
def test_losses_of_a_difference(name, options, reduction):
    ours, theirs = (getattr(lib, name)(**options, reduction=reduction) for lib in (nn, torch.nn))
    compare(ours, theirs, values((5, 3)), SOFT)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT}, {"ignore_index": 2}])
@pytest.mark.parametrize("target", [CLASSES, PIXELS], ids=["classes", "pixels"])
def test_nll_loss(target, options, reduction):
    if options.get("ignore_index") == 2:
        target = np.where(target < 0, 1, target)
    ours = nn.NLLLoss(**options, reduction=reduction)
    theirs = torch.nn.NLLLoss(
        **{k: torch.from_numpy(v) if k == "weight" else v for k, v in options.items()}, reduction=reduction
    )
    compare(ours, theirs, values((5, 3, *target.shape[1:])), target)


def compare(ours, theirs, z, target):
    """Loss, its gradient, and the gradient times another one; repr; and the loss again in eval mode."""
    assert repr(ours) == repr(theirs)
    t = torch.from_numpy(z.copy()).requires_grad_()
    loss = theirs(t, torch.from_numpy(target))
    result = ours(z, target)
    assert type(result) is (np.ndarray if loss.ndim else float)
    np.testing.assert_allclose(result, loss.detach().numpy(), rtol=1e-12)
    upstream = values(loss.shape, 5) if loss.ndim else -2.5
    loss.backward(torch.as_tensor(upstream), retain_graph=True)
    np.testing.assert_allclose(ours.backward(upstream), t.grad.numpy(), rtol=1e-12, atol=1e-14)
    t.grad = None
    loss.sum().backward()
    np.testing.assert_allclose(ours.backward(), t.grad.numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ours.eval()(z, target), result, rtol=1e-14)
