"""Small runs that one rank or many do."""

from typing import Any

import numpy as np

import fastconv as fc
from fastconv import distributed, nn, optim

OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.Momentum(p, lr=0.05),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.02),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.002),
    "adam": lambda p: optim.Adam(p, lr=0.004),
}
SAMPLES = 400


def digits(dtype: type = np.float32, samples: int = SAMPLES) -> tuple[Any, Any]:
    """Images and classes."""
    (X, y), _ = fc.data.digits()
    return X[:samples].astype(dtype), y[:samples]


def convnet(dtype: type = np.float32, norm: bool = False) -> nn.Sequential:
    """A small network with two convolutions."""
    between = [nn.BatchNorm2d(4, dtype=dtype)] if norm else []
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=0, dtype=dtype),
        *between,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Residual(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, rng=1, dtype=dtype), nn.ReLU())),
        nn.Flatten(),
        nn.Linear(64, 10, rng=2, dtype=dtype),
    )


def steps(model: Any, optimizer: Any, loader: Any, count: int, before_step: Any = None) -> None:
    """So many steps, in as many epochs as it takes."""
    criterion = nn.CrossEntropyLoss()
    done = 0
    while done < count:
        for x, y in loader:
            criterion(model(x), y)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            if before_step is not None:
                before_step()
            optimizer.step()
            done += 1
            if done == count:
                return


def alone(make: Any, count: int, batch: int, dtype: type = np.float32, norm: bool = False, **data: Any) -> Any:
    """The model that one rank trains."""
    model = convnet(dtype, norm)
    loader = fc.data.DataLoader(*digits(dtype, **data), batch, shuffle=True, rng=7)
    steps(model, make(model.parameters()), loader, count)
    return model


def together(
    make: Any, count: int, batch: int, dtype: type = np.float32, norm: bool = False, options: Any = (), **data: Any
) -> Any:
    """The model that all ranks train."""
    model = convnet(dtype, norm)
    if norm:
        distributed.convert_sync_batchnorm(model)
    seed = 7 + distributed.init().rank  # that of rank 0 counts
    sampler = distributed.DistributedSampler()
    loader = fc.data.DataLoader(*digits(dtype, **data), batch, shuffle=True, rng=seed, sampler=sampler)
    distributed.broadcast_parameters(model)
    optimizer = distributed.DistributedOptimizer(make(model.parameters()), **dict(options))
    steps(model, optimizer, loader, count)
    return model


def difference(model: Any, other: Any) -> float:
    """The largest between two models, in parameters and buffers."""
    state = other.state_dict()
    return max(float(np.abs(value - state[name]).max()) for name, value in model.state_dict().items())
