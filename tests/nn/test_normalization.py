"""Normalisation layers against torch: text, states, steps of training, eval mode, frozen statistics."""

import copy
import pickle

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn
from fastconv.testing import gradcheck

torch = pytest.importorskip("torch")


def values(shape, seed=0):
    return 2 + 3 * np.random.default_rng(seed).standard_normal(shape)


def pair(name, *args, **kwargs):
    """Our layer and torch's, in float64, with the same random weights."""
    theirs = getattr(torch.nn, name)(*args, **kwargs).double()
    ours = getattr(nn, name)(*args, **kwargs, dtype=np.float64)
    for i, p in enumerate(theirs.parameters()):
        p.data = torch.from_numpy(values(tuple(p.shape), i + 10))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def same(a, b):
    np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-11, atol=1e-12)


def step(ours, theirs, x, seed=1):
    """Forward and backward in both; everything that changes is compared."""
    t = torch.from_numpy(x.copy()).requires_grad_()
    output = theirs(t)
    same(ours(x), output)
    g = values(output.shape, seed)
    output.backward(torch.from_numpy(g))
    same(ours.backward(g), t.grad)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(p.grad, q.grad)
    for (name, array), (their_name, tensor) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == their_name and array.shape == tuple(tensor.shape)
        same(array, tensor)


BATCH_NORMS = [
    {},
    {"eps": 1e-2},
    {"momentum": 0.5},
    {"momentum": None},
    {"momentum": 0.0},
    {"affine": False},
    {"bias": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False, "momentum": None},
]
INPUTS = [("BatchNorm1d", shape) for shape in ((6, 3), (4, 3, 7), (1, 3, 20))]
INPUTS += [("BatchNorm2d", shape) for shape in ((2, 3, 5, 4), (1, 3, 2, 1), (3, 3, 20, 30))]


@pytest.mark.parametrize("options", BATCH_NORMS, ids=str)
@pytest.mark.parametrize(("name", "shape"), INPUTS)
def test_batch_norm(name, shape, options):
    ours, theirs = pair(name, 3, **options)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for seed in range(3):
        step(ours, theirs, values(shape, seed))
    state = ours.state_dict()
    assert all(array.dtype == (np.int64 if "num" in key else np.float64) for key, array in state.items())
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})
    ours.eval(), theirs.eval()
    x = values(shape, 5)
    same(ours(x), theirs(torch.from_numpy(x)))
    if not options.get("track_running_stats", True):
        return
    one = x[:1]  # one value per channel is fine in eval mode
    same(ours(one), theirs(torch.from_numpy(one)))


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "shape"),
    [
        ("GroupNorm", (2, 6), {}, (3, 6, 5, 4)),
        ("GroupNorm", (6, 6), {"eps": 1e-2}, (3, 6, 5)),
        ("GroupNorm", (1, 6), {"affine": False}, (1, 6)),
        ("GroupNorm", (2, 6), {"bias": False}, (2, 6, 4)),
        ("GroupNorm", (3, 6, 1e-3), {}, (2, 6, 3, 3, 2)),
        ("LayerNorm", (5,), {}, (3, 4, 5)),
        ("LayerNorm", ((4, 5),), {"eps": 1e-2}, (3, 4, 5)),
        ("LayerNorm", ([4, 5],), {"bias": False}, (4, 5)),
        ("LayerNorm", (5, 1e-3, False), {}, (200, 5)),
        ("LayerNorm", (5,), {"elementwise_affine": False, "bias": True}, (3, 5)),
    ],
)
def test_group_and_layer_norm(name, args, kwargs, shape):
    ours, theirs = pair(name, *args, **kwargs)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for seed in range(2):
        step(ours, theirs, values(shape, seed))
    ours.eval(), theirs.eval()
    x = values(shape, 5)
    same(ours(x), theirs(torch.from_numpy(x)))


def test_a_part_in_eval_mode_of_a_model_that_is_trained():
    """Statistics stay, gradients pass: the usual way to train on top of a finished network."""
    conv, norm = nn.Conv2d(2, 3, 3, rng=0, dtype=np.float64), nn.BatchNorm2d(3, dtype=np.float64)
    ours = nn.Sequential(conv, norm, nn.MaxPool2d(2))
    theirs = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.MaxPool2d(2)).double()
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in ours.state_dict().items()})
    x = values((4, 2, 6, 6))
    step(ours, theirs, x)
    for net in (ours, theirs):
        net[1].eval(), net[2].eval()
    step(ours, theirs, x + 1)
    assert ours[1].num_batches_tracked == 1
    ours.eval()
    ours(x)
    with pytest.raises(RuntimeError, match="training mode"):
        ours.backward(np.ones((4, 3, 2, 2)))


def test_frozen_parameters():
    norm = nn.BatchNorm2d(3, dtype=np.float64)
    norm.weight.requires_grad = False
    y = norm(values((2, 3, 4, 4)))
    norm.backward(np.ones_like(y))
    assert norm.weight.grad is None and norm.bias.grad.tolist() == [32, 32, 32]
    norm.requires_grad_(False)
    spied = nn.Sequential(nn.BatchNorm2d(3, dtype=np.float64).requires_grad_(False), nn.ReLU())
    assert spied.backward(np.ones_like(spied(values((2, 3, 4, 4)))), input_grad=False) is None
    assert spied[0].num_batches_tracked == 1  # statistics are no parameters


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(3, dtype=np.float64), nn.GroupNorm(3, 3, dtype=np.float64)], ids=repr)
def test_gradients(layer, backend):
    layer = copy.deepcopy(layer)
    layer.weight.data[...] = [1, -2, 0.5]
    gradcheck(layer, values((3, 3, 2, 2)))
    gradcheck(nn.LayerNorm((3, 2), dtype=np.float64), values((4, 3, 2)))


def test_impossible_inputs_and_arguments():
    norm = nn.BatchNorm2d(3)
    for shape, text in (
        ((2, 3, 4), "4-D"),
        ((2, 4, 3, 3), "3 channels"),
        ((1, 3, 1, 1), "more than one value per channel in training"),
        ((2, 3, 0, 3), "at least one"),
    ):
        with pytest.raises(ValueError, match=f"BatchNorm2d: input .*{text}"):
            norm(np.ones(shape, np.float32))
    assert norm.num_batches_tracked == 0 and not norm.running_mean.any()
    with pytest.raises(ValueError, match=r"BatchNorm1d: input .*2-D or 3-D"):
        nn.BatchNorm1d(3)(np.ones((2, 3, 4, 4), np.float32))
    with pytest.raises(TypeError, match="BatchNorm2d: input"):
        norm([[1.0]])
    with pytest.raises(TypeError, match="BatchNorm2d: running_mean is float32"):
        norm(np.ones((2, 3, 4, 4)))
    with pytest.raises(ValueError, match="GroupNorm: input"):
        nn.GroupNorm(1, 3)(np.ones((2, 4, 4), np.float32))
    norm(np.ones((2, 3, 4, 4), np.float32))
    with pytest.raises(ValueError, match=r"BatchNorm2d\.backward: grad_output"):
        norm.backward(np.ones((2, 3, 4, 5), np.float32))


@pytest.mark.parametrize(
    ("error", "name", "make"),
    [
        (ValueError, "num_features", lambda: nn.BatchNorm2d(0)),
        (TypeError, "num_features", lambda: nn.BatchNorm1d(2.0)),
        (ValueError, "eps", lambda: nn.BatchNorm2d(2, eps=-1)),
        (TypeError, "eps", lambda: nn.GroupNorm(1, 2, eps=None)),
        (TypeError, "momentum", lambda: nn.BatchNorm2d(2, momentum="0.1")),
        (TypeError, "affine", lambda: nn.BatchNorm2d(2, affine=1)),
        (TypeError, "track_running_stats", lambda: nn.BatchNorm2d(2, track_running_stats=None)),
        (TypeError, "dtype", lambda: nn.BatchNorm2d(2, dtype=int)),
        (ValueError, "num_groups", lambda: nn.GroupNorm(2, 3)),
        (ValueError, "num_channels", lambda: nn.GroupNorm(1, 0)),
        (ValueError, "normalized_shape", lambda: nn.LayerNorm(())),
        (TypeError, "normalized_shape", lambda: nn.LayerNorm(2.0)),
        (TypeError, "bias", lambda: nn.LayerNorm(2, bias=None)),
    ],
)
def test_impossible_constructions(error, name, make):
    with pytest.raises(error, match=name):
        make()


def test_an_empty_batch():
    norm = nn.BatchNorm2d(3)
    y = norm(np.ones((0, 3, 4, 4), np.float32))
    assert y.shape == (0, 3, 4, 4) and norm.backward(y).shape == y.shape
    assert norm.weight.grad.tolist() == [0, 0, 0] and norm.running_var.tolist() == [1, 1, 1]


def test_copies_and_reset():
    norm = nn.BatchNorm2d(3)
    norm(values((2, 3, 4, 4)).astype(np.float32))
    before = norm.running_mean.copy()
    for twin in (copy.deepcopy(norm), pickle.loads(pickle.dumps(norm))):
        np.testing.assert_array_equal(twin.running_mean, before)
        twin.reset_running_stats()
        assert not twin.running_mean.any() and twin.num_batches_tracked == 0 and (twin.running_var == 1).all()
    assert norm.num_batches_tracked == 1
    np.testing.assert_array_equal(norm.running_mean, before)


@pytest.mark.parametrize("shape", [(8, 5, 9, 9), (8, 5, 2, 2)])
def test_running_statistics_have_the_same_bits_for_any_threads(shape):
    bits = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        norm = nn.BatchNorm2d(5)
        y = norm(values(shape).astype(np.float32))
        g = norm.backward(values(shape, 1).astype(np.float32))
        arrays = (y, g, norm.running_mean, norm.running_var, norm.weight.grad, norm.bias.grad)
        bits.append([array.tobytes() for array in arrays])
    assert bits[0] == bits[1] == bits[2]
