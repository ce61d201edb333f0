"""Runs that are stopped at a step, and resumed in a new trainer."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import nn
from fastconv.data import transforms
from fastconv.optim import lr_scheduler as schedules
from fastconv.train import Callback, Checkpoint, EarlyStopping

from ..train.runs import OPTIMIZERS, X_TEST, Y_TEST, X, Y, network, remains
from .promise import Promise, Tally
from .saved import folder

EPOCHS, STEPS = 10, 5

# A schedule for each optimizer, so that all kinds are there.
SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda optimizer: schedules.StepLR(optimizer, 4, gamma=0.7),
    "Momentum": lambda optimizer: schedules.OneCycleLR(optimizer, max_lr=0.1, total_steps=EPOCHS * STEPS),
    "Adagrad": lambda optimizer: schedules.ChainedScheduler(
        [schedules.LinearLR(optimizer, 0.1, total_iters=7), schedules.ExponentialLR(optimizer, 0.99)]
    ),
    "RMSprop": lambda optimizer: schedules.CosineAnnealingWarmRestarts(optimizer, 9, T_mult=2),
    "Adam": lambda optimizer: schedules.SequentialLR(
        optimizer, [schedules.ConstantLR(optimizer, 0.5), schedules.CosineAnnealingLR(optimizer, 40)], [6]
    ),
}


class Kept(Callback):
    """Keeps the checkpoint of every step."""

    saves = True

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def on_batch_end(self, run: Any) -> None:
        run.save(os.path.join(self._directory, f"{run.step}.npz"))


def _fit(optimizer: str, path: str, *callbacks: Callback, resume: str | None = None, prefetch: int = 0) -> Any:
    """A run over all that is random: shuffling, augmentation, dropout; what is left of it, checkpoints included."""
    model = network()
    trainer = fc.Trainer(
        model, nn.CrossEntropyLoss(), OPTIMIZERS[optimizer](model.parameters()),
        [EarlyStopping("val_loss", patience=EPOCHS), *callbacks, Checkpoint(path)],
    )  # fmt: skip
    changes = transforms.Compose([transforms.RandomShift(1), transforms.RandomHorizontalFlip(), transforms.Cutout(2)])
    data = fc.data.DataLoader(X, Y, len(X) // STEPS, shuffle=True, rng=5, transform=changes, prefetch=prefetch)
    history = trainer.fit(
        data, (X_TEST, Y_TEST), EPOCHS, scheduler=SCHEDULES[optimizer](trainer.optimizer), progress=False, resume=resume
    )
    return remains(trainer, history), Path(path).read_bytes()


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Resume at `n` of all steps of all optimizers; each run then has to end as the one that was never stopped."""
    places = [(optimizer, step) for optimizer in OPTIMIZERS for step in range(1, EPOCHS * STEPS + 1)]
    chosen = [places[i] for i in sorted(rng.permutation(len(places))[:n])]
    total = Tally()
    with folder() as directory:
        last = os.path.join(directory, "last.npz")
        for optimizer in dict.fromkeys(optimizer for optimizer, _ in chosen):
            expected = _fit(optimizer, last, Kept(directory), prefetch=2)
            for step in (step for name, step in chosen if name == optimizer):
                found = _fit(optimizer, last, resume=os.path.join(directory, f"{step}.npz"), prefetch=step % 2)
                total += Tally(1, 1, [] if found == expected else [f"{optimizer}, stopped after step {step}"])
    return total


PROMISES = [
    Promise("resumption", "A run that was stopped after any of its 50 steps and resumed ends with the bits of one that "
            "never stopped: five optimizers, schedules, dropout, shuffling, augmentation", 15, 250, attack),
]  # fmt: skip
