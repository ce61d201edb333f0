"""States go from PyTorch's optimizers to ours and back, and training goes on as if nothing had happened."""

import copy

import numpy as np
import pytest

from fastconv import nn, optim

from .cases import OPTIMIZERS
from .test_torch_parity import theirs_of

torch = pytest.importorskip("torch")

SHAPES = [(3, 4), (5,), ()]


def pair(name, names=None):
    """Equal parameters with optimizers of both libraries."""
    make, options = OPTIMIZERS[name]
    cls, their_options = theirs_of(make, options)
    rng = np.random.default_rng(0)
    start = [np.array(rng.standard_normal(shape)) for shape in SHAPES]
    ours = [nn.Parameter(a.copy()) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    if names:
        return (
            ours,
            theirs,
            make(list(zip(names, ours, strict=True)), **options),
            cls(list(zip(names, theirs, strict=True)), **their_options),
        )
    return ours, theirs, make(ours, **options), cls(theirs, **their_options)


def train(params, optimizer, steps, seed):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for p in params:
            gradient = np.array(rng.standard_normal(tuple(p.shape)))
            p.grad = gradient if isinstance(p, nn.Parameter) else torch.tensor(gradient)
        optimizer.step()


def values(params):
    return [p.data.copy() if isinstance(p, nn.Parameter) else p.detach().numpy().copy() for p in params]


def tensors(state):
    """Our state with tensors for arrays and steps, as PyTorch has them."""
    state = copy.deepcopy(state)
    for entry in state["state"].values():
        for key, value in entry.items():
            entry[key] = torch.tensor(float(value)) if key == "step" else torch.from_numpy(value)
    return state


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_theirs_goes_on_here(name):
    ours, theirs, optimizer, reference = pair(name)
    train(theirs, reference, 3, 1)
    for p, value in zip(ours, values(theirs), strict=True):
        p.data[...] = value
    optimizer.load_state_dict(reference.state_dict())
    train(theirs, reference, 20, 2)
    train(ours, optimizer, 20, 2)
    for a, b in zip(values(ours), values(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ours_goes_on_there(name):
    ours, theirs, optimizer, reference = pair(name)
    train(ours, optimizer, 3, 1)
    with torch.no_grad():
        for p, value in zip(theirs, values(ours), strict=True):
            p.copy_(torch.tensor(value))
    reference.load_state_dict(tensors(optimizer.state_dict()))
    train(theirs, reference, 20, 2)
    train(ours, optimizer, 20, 2)
    for a, b in zip(values(ours), values(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_names_of_theirs_are_matched():
    ours, theirs, _, reference = pair("Adam", ["a", "b", "c"])
    train(theirs, reference, 2, 1)
    backwards = optim.Adam(list(zip("cba", ours[::-1], strict=True)))
    backwards.load_state_dict(reference.state_dict())
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(backwards.state[p]["exp_avg"], reference.state[q]["exp_avg"].numpy())
    assert backwards.param_groups[0]["param_names"] == ["c", "b", "a"]


def test_decay_of_the_other_kind_is_refused():
    _, _, optimizer, _ = pair("AdamW")
    _, _, _, reference = pair("Adam")
    with pytest.raises(ValueError, match="decoupled_weight_decay"):
        optimizer.load_state_dict(reference.state_dict())


def test_a_state_without_arrays_yet():
    ours, _, optimizer, _ = pair("SGD")
    state = optimizer.state_dict() | {"state": {0: {"momentum_buffer": None}}}
    optimizer.load_state_dict(state)
    train(ours, optimizer, 1, 0)
