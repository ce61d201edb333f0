"""Short training runs with everything that draws random numbers, and what is left of them in the end."""

import numpy as np

import fastconv as fc
from fastconv import nn, optim
from fastconv.data.transforms import RandomShift
from fastconv.train import Callback

(X, Y), (X_TEST, Y_TEST) = fc.data.digits()
X, Y, X_TEST, Y_TEST = X[:50], Y[:50], X_TEST[:20], Y_TEST[:20]

OPTIMIZERS = {
    "SGD": lambda params: optim.SGD(params, lr=0.1),
    "Momentum": lambda params: optim.Momentum(params, lr=0.05, nesterov=True),
    "Adagrad": lambda params: optim.Adagrad(params, lr=0.02),
    "RMSprop": lambda params: optim.RMSprop(params, lr=0.002, centered=True, momentum=0.5),
    "Adam": lambda params: optim.Adam(params, lr=0.004, amsgrad=True),
}
EPOCHS, STEPS = 3, 5


def network(rng=0):
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False, rng=rng), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout2d(0.1, rng=3), nn.Flatten(), nn.Dropout(0.2, rng=4), nn.Linear(27, 10, rng=rng),
    )  # fmt: skip


def trainer_for(optimizer="SGD", callbacks=(), **options):
    model = network()
    return fc.Trainer(model, nn.CrossEntropyLoss(), OPTIMIZERS[optimizer](model.parameters()), callbacks, **options)


def loader(prefetch=0):
    return fc.data.DataLoader(X, Y, len(X) // STEPS, shuffle=True, rng=5, transform=RandomShift(1), prefetch=prefetch)


def fit(trainer, epochs=EPOCHS, prefetch=0, **options):
    """A run over all that is random, with a schedule; `STEPS` steps an epoch."""
    schedule = optim.lr_scheduler.StepLR(trainer.optimizer, step_size=4, gamma=0.7)
    return trainer.fit(
        loader(prefetch), (X_TEST, Y_TEST), epochs, scheduler=schedule, progress=False, **options
    )  # fmt: skip


def remains(trainer, history):
    """Everything in the end, as bytes."""
    tensors = trainer.model.state_dict() | {
        f"{key}.{name}": np.asarray(value)
        for key, state in trainer.optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }
    rates = [group["lr"] for group in trainer.optimizer.param_groups]
    return {name: array.tobytes() for name, array in tensors.items()}, rates, dict(history)


class Trains(Callback):
    """Fails where training begins."""

    def on_batch_end(self, run):
        raise AssertionError("training has started")
