"""Data-parallel training over MPI: each process, a rank, computes the gradients of its part of every batch.

A loop of one's own changes in three places; without ``mpiexec`` it does what it did before:

>>> import fastconv as fc
>>> from fastconv import distributed, nn, optim
>>> (X, y), _ = fc.data.digits()
>>> model, criterion = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0)), nn.CrossEntropyLoss()
>>> loader = fc.data.DataLoader(X, y, 64, shuffle=True, rng=0, sampler=distributed.DistributedSampler())
>>> distributed.broadcast_parameters(model)
>>> optimizer = distributed.DistributedOptimizer(optim.Adam(model.parameters()))
>>> for x, targets in loader:
...     loss = criterion(model(x), targets)
...     optimizer.zero_grad()
...     model.backward(criterion.backward(), input_grad=False)
...     optimizer.step()
"""

from .communicator import Communicator
from .launch import failing_together, init
from .optimizer import DistributedOptimizer
from .parameters import broadcast_parameters
from .sampler import DistributedSampler
from .sync_batch_norm import convert_sync_batchnorm

__all__ = [
    "Communicator",
    "DistributedOptimizer",
    "DistributedSampler",
    "broadcast_parameters",
    "convert_sync_batchnorm",
    "failing_together",
    "init",
]
