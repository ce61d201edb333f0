"""Twenty steps against PyTorch, in float64."""

import inspect

import numpy as np
import pytest

from fastconv import nn, optim

from .cases import OPTIMIZERS

torch = pytest.importorskip("torch")


def theirs_of(make, options):
    if make is optim.Momentum:
        return torch.optim.SGD, {"momentum": 0.9, **options}
    return getattr(torch.optim, make.__name__), options


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps(name, backend):
    make, options = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape) for shape in [(3, 4), (5,), ()]]
    ours = [nn.Parameter(np.array(a)) for a in start]
    theirs = [torch.tensor(a, requires_grad=True) for a in start]
    groups = [{"params": ours[:1]}, {"params": ours[1:], "lr": 0.02}]
    optimizer = make(groups, **options)
    cls, their_options = theirs_of(make, options)
    reference = cls([{"params": theirs[:1]}, {"params": theirs[1:], "lr": 0.02}], **their_options)
    for step in range(20):
        for p, q in zip(ours, theirs, strict=True):
            gradient = rng.standard_normal(p.shape)
            # A parameter may be left out of a step.
            p.grad = None if step % 5 == 3 and p is ours[1] else np.array(gradient)
            q.grad = None if p.grad is None else torch.tensor(gradient)
        optimizer.step()
        reference.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["Adagrad", "RMSprop", "Adam", "AdamW"])
def test_arguments_stand_in_the_same_places_with_the_same_defaults(name):
    ours = [p for p in inspect.signature(getattr(optim, name)).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    theirs = list(inspect.signature(getattr(torch.optim, name)).parameters.values())
    for a, b in zip(ours, theirs, strict=False):
        assert a.name == b.name and (a.default is a.empty) == (b.default is b.empty)
        if a.default is not a.empty:
            assert a.default == b.default
