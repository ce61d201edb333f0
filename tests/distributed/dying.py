"""A run in which one rank ends before its time.

    mpiexec -n N python -m distributed.dying FOLDER HOW RANK STEP

leaves a checkpoint of every step.
"""

import os
import signal
import sys
from typing import Any

import fastconv as fc
from fastconv import distributed, nn, optim
from fastconv.train import Callback, Checkpoint

from .training import convnet, digits

EPOCHS, STEPS = 3, 39


class Death(Callback):
    """Ends the process."""

    def __init__(self, how: str, step: int) -> None:
        self.how, self.step = how, step

    def on_grad_computed(self, run: Any) -> None:
        if run.step != self.step:
            return
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.how == "exits":
            os._exit(3)
        else:
            raise ArithmeticError("a fault of this rank")


def fit(path: str, callbacks: Any = (), **options: Any) -> nn.Module:
    """Train; the model."""
    model = convnet()
    optimizer = distributed.DistributedOptimizer(optim.Adam(model.parameters(), lr=0.004))
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, [*callbacks, Checkpoint(path, every_steps=1)])
    trainer.fit(digits(), epochs=EPOCHS, rng=0, progress=False, **options)
    return model


if __name__ == "__main__":
    path, how, rank, step = sys.argv[1:]
    fit(path, [Death(how, int(step))] if distributed.init().rank == int(rank) else ())
