"""A model with what belongs to it, and how to compare two of them."""

import numpy as np

import fastconv as fc
from fastconv import nn, optim
from fastconv.checkpoint.generators import Generators


def parts(seed=0, kind=optim.Adam, width=3):
    model = nn.Sequential(nn.Linear(4, width, rng=seed), nn.Dropout(rng=seed), nn.BatchNorm1d(width))
    optimizer = kind(model.named_parameters(), lr=0.1)
    loader = fc.data.DataLoader(np.ones((6, 4), np.float32), np.arange(6) % 3, 2, shuffle=True, rng=seed)
    return model, optimizer, optim.lr_scheduler.StepLR(optimizer, 2), loader


def train(model, optimizer, scheduler, loader):
    criterion = nn.CrossEntropyLoss()
    for x, y in loader:
        criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
        scheduler.step()


def states(found):
    return [repr(part.state_dict()) for part in found] + [repr(Generators(found[0]).state_dict())]
