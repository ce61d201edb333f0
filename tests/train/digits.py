"""A hundred digits, and a small network for them."""

import fastconv as fc
from fastconv import nn, optim

(X, Y), (X_TEST, Y_TEST) = fc.data.digits()
X, Y = X[:100], Y[:100]


def network(rng=0):
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 10, rng=rng)
    )


def trainer_for(model, lr=0.1, loss=None, callbacks=()):
    return fc.Trainer(model, loss or nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=lr), callbacks)
