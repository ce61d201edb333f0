"""Models for inference: they compute the same, with fewer layers, and the original is not touched."""

import numpy as np
import pytest

from fastconv import nn


def values(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


DOUBLE = {"dtype": np.float64}


def conv(channels_in, channels_out, **options):
    return nn.Conv2d(channels_in, channels_out, 3, padding=1, rng=channels_out, **DOUBLE, **options)


def norm(channels, **options):
    return nn.BatchNorm2d(channels, **DOUBLE, **options)


def seasoned(model, shape):
    """Train a little, so that statistics, weights and biases are not those of the start."""
    rng = np.random.default_rng(3)
    for p in model.parameters():
        p.data += 0.3 * rng.standard_normal(p.shape)
    for seed in range(3):
        model.train()(1 + 2 * values(shape, seed))
    return model


class Own(nn.Module):
    def __init__(self):
        self.net = nn.Sequential(conv(3, 3), norm(3))
        self.drop = nn.Dropout(rng=0)
        self.conv, self.norm = conv(3, 3), norm(3)

    def forward(self, input):
        return self.norm(self.conv(self.drop(self.net(input))))


class Named(nn.Module):
    """Parts with names of their own, which tells of two chains."""

    fusible = (("conv1", "drop", "bn1", "relu"), ("shortcut", "norm"))

    def __init__(self, shortcut=True):
        self.conv1, self.drop, self.bn1, self.relu = conv(3, 3), nn.Dropout(rng=0), norm(3), nn.ReLU()
        self.shortcut = nn.Sequential(nn.Tanh(), conv(3, 3)) if shortcut else None
        self.norm = norm(3)

    def forward(self, input):
        body = self.relu(self.bn1(self.drop(self.conv1(input))))
        return body + self.norm(input if self.shortcut is None else self.shortcut(input))


class Renewed(Named):
    """Of its forward nothing is known, whatever its base says."""

    def forward(self, input):
        return self.bn1(self.relu(self.conv1(input)))


# How it is made, and the names of the state of its fused form.
MODELS = {
    "convolutions": (
        lambda: nn.Sequential(conv(3, 4), norm(4), nn.ReLU(), conv(4, 2, bias=False), norm(2, affine=False)),
        ["0.weight", "0.bias", "3.weight", "3.bias"],
    ),
    "groups and no bias": (lambda: nn.Sequential(conv(3, 6, groups=3), norm(6, bias=False)), ["0.weight", "0.bias"]),
    "things between": (
        lambda: nn.Sequential(nn.Dropout2d(), conv(3, 4), nn.Identity(), nn.Dropout(), norm(4), nn.Identity()),
        ["1.weight", "1.bias"],
    ),
    "two in a row": (lambda: nn.Sequential(conv(3, 4), norm(4), norm(4, eps=0.1)), ["0.weight", "0.bias"]),
    "linear": (
        lambda: nn.Sequential(
            nn.Flatten(), nn.Linear(60, 7, **DOUBLE), nn.BatchNorm1d(7, **DOUBLE), nn.Linear(7, 2, **DOUBLE)
        ),
        ["1.weight", "1.bias", "3.weight", "3.bias"],
    ),
    "nested": (
        lambda: nn.Sequential(
            nn.Sequential(nn.Tanh(), nn.Sequential(conv(3, 4))),
            norm(4),
            nn.Residual(nn.Sequential(conv(4, 4), norm(4), nn.ReLU()), nn.Sequential(conv(4, 4), norm(4))),
            nn.Concat(nn.Sequential(conv(4, 2), norm(2)), nn.Sequential(norm(4), conv(4, 1)), nn.Identity()),
        ),
        ["0.1.0.weight", "0.1.0.bias", "2.body.0.weight", "2.body.0.bias", "2.shortcut.0.weight", "2.shortcut.0.bias",
         "3.0.0.weight", "3.0.0.bias", "3.1.0.weight", "3.1.0.bias", "3.1.0.running_mean", "3.1.0.running_var",
         "3.1.0.num_batches_tracked", "3.1.1.weight", "3.1.1.bias"],
    ),
    "a module that tells of chains": (
        Named, ["conv1.weight", "conv1.bias", "shortcut.1.weight", "shortcut.1.bias"]
    ),
    "a chain without its first part": (
        lambda: Named(shortcut=False),
        ["conv1.weight", "conv1.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
         "norm.num_batches_tracked"],
    ),
    "a module of one's own": (
        Own,
        ["net.0.weight", "net.0.bias", "conv.weight", "conv.bias", "norm.weight", "norm.bias", "norm.running_mean",
         "norm.running_var", "norm.num_batches_tracked"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_computes_the_same_with_fewer_layers(name):
    make, names = MODELS[name]
    shape = (4, 3, 5, 4)
    model = seasoned(make(), shape)
    x = values(shape, 9)
    model.backward(model(x)) if not isinstance(model, Own | Named) else model(x)
    before = model.state_dict()
    grads = [None if p.grad is None else p.grad.copy() for p in model.parameters()]
    fused = nn.fuse(model)
    assert list(fused.state_dict()) == names
    assert model.training and not fused.training and all(p.grad is None for p in fused.parameters())
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[key])
    for p, grad in zip(model.parameters(), grads, strict=True):
        assert p.grad is None if grad is None else (p.grad == grad).all()
    model.eval()
    np.testing.assert_allclose(fused(x), model(x), rtol=1e-12, atol=1e-12)
    assert not any(isinstance(m, nn.Dropout) for m in fused.modules()) or name == "a module of one's own"
    twice = nn.fuse(fused)
    np.testing.assert_array_equal(twice(x), fused(x))


def test_float32_is_folded_in_float64():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, rng=0), nn.BatchNorm2d(8))
    x = values((4, 3, 20, 20)).astype(np.float32)
    for _ in range(50):
        model(x)
    fused = nn.fuse(model)
    assert all(p.dtype == np.float32 for p in fused.parameters())
    np.testing.assert_allclose(fused(x), model.eval()(x), atol=4e-6)


KEPT = {
    "no running statistics": lambda: nn.Sequential(conv(3, 4), norm(4, track_running_stats=False)),
    "something between": lambda: nn.Sequential(conv(3, 4), nn.ReLU(), norm(4)),
    "normalisation first": lambda: nn.Sequential(norm(3), conv(3, 4)),
    "a forward that replaces a known one": Renewed,
    "other kind": lambda: nn.Sequential(conv(3, 4), nn.GroupNorm(2, 4, **DOUBLE)),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_folded_stays(name):
    model = seasoned(KEPT[name](), (4, 3, 5, 4))
    fused = nn.fuse(model)
    assert repr(fused) == repr(model)
    x = values((4, 3, 5, 4))
    np.testing.assert_array_equal(fused(x), model.eval()(x))


def test_a_layer_at_several_places_stays():
    shared = conv(3, 3)
    model = seasoned(nn.Sequential(shared, norm(3), nn.Tanh(), shared, norm(3)), (4, 3, 5, 4))
    fused = nn.fuse(model)
    assert fused[0] is fused[3] and len(fused) == 5
    x = values((4, 3, 5, 4))
    np.testing.assert_array_equal(fused(x), model.eval()(x))


def test_what_a_hook_looks_at_stays():
    def make():
        return seasoned(nn.Sequential(conv(3, 4), nn.Dropout(rng=0), norm(4)), (4, 3, 5, 4))

    for index in range(3):
        model, seen = make(), []
        handle = model[index].register_forward_hook(lambda module, args, output, seen=seen: seen.append(output))
        fused = nn.fuse(model)
        x = values((4, 3, 5, 4))
        result = fused(x)
        np.testing.assert_allclose(result, model.eval()(x), rtol=1e-12, atol=1e-12)
        assert len(seen) == 2 and np.allclose(*seen, rtol=1e-12, atol=1e-12)
        handle.remove()
        assert len(nn.fuse(model)) == 1


def test_more_layers_can_follow():
    fused = nn.fuse(nn.Sequential(conv(3, 4), nn.Dropout(), nn.ReLU()))
    fused.append(nn.Tanh())
    assert [name for name, _ in fused.named_children()] == ["0", "2", "3"]


def test_only_modules():
    with pytest.raises(TypeError, match="fuse: model"):
        nn.fuse(lambda x: x)
    single = nn.ReLU()
    assert isinstance(nn.fuse(single), nn.ReLU) and nn.fuse(single) is not single
