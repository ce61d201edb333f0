"""Twenty steps against PyTorch, in float64, with every combination of options."""

from itertools import product

import numpy as np
import pytest

from fastconv import nn, optim

torch = pytest.importorskip("torch")

BOTH = (False, True)
DECAY = (0, 0.05)
GRIDS = {
    "SGD": {"momentum": (0, 0.9), "dampening": (0, 0.5), "weight_decay": DECAY, "nesterov": BOTH, "maximize": BOTH},
    "Adagrad": {
        "lr_decay": (0, 0.1),
        "weight_decay": DECAY,
        "initial_accumulator_value": (0, 0.3),
        "eps": (1e-10, 1e-3),
        "maximize": BOTH,
    },
    "RMSprop": {
        "alpha": (0.99, 0.5),
        "eps": (1e-8, 1e-3),
        "weight_decay": DECAY,
        "momentum": (0, 0.9),
        "centered": BOTH,
        "maximize": BOTH,
    },
    "Adam": {
        "betas": ((0.9, 0.999), (0.0, 0.5)),
        "eps": (1e-8, 1e-3),
        "weight_decay": DECAY,
        "amsgrad": BOTH,
        "maximize": BOTH,
        "decoupled_weight_decay": BOTH,
    },
    "AdamW": {
        "betas": ((0.9, 0.999), (0.5, 0.9)),
        "eps": (1e-8, 1e-3),
        "weight_decay": (0.01, 0.3),
        "amsgrad": BOTH,
        "maximize": BOTH,
    },
}


def combinations(name):
    for values in product(*GRIDS[name].values()):
        options = dict(zip(GRIDS[name], values, strict=True))
        if not options.get("nesterov") or (options["momentum"] and not options["dampening"]):
            yield options


@pytest.mark.parametrize("name", GRIDS)
def test_twenty_steps(name):
    rng = np.random.default_rng(0)
    for options in combinations(name):
        start = [np.array(rng.standard_normal(shape)) for shape in [(3, 4), (5,), ()]]
        ours = [nn.Parameter(a.copy()) for a in start]
        theirs = [torch.tensor(a, requires_grad=True) for a in start]
        optimizer = getattr(optim, name)(ours, lr=0.05, **options)
        reference = getattr(torch.optim, name)(theirs, lr=0.05, **options)
        for _ in range(20):
            for p, q in zip(ours, theirs, strict=True):
                p.grad = np.array(rng.standard_normal(p.shape))
                q.grad = torch.tensor(p.grad)
            optimizer.step()
            reference.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-13, err_msg=str(options))
