"""A run that is started again until it is done: the program of the tests that end it.

    python -m train.killed FOLDER OPTIMIZER [DELAY]

It goes on from the checkpoint in FOLDER, if there is one, tells when training begins and when a signal was noticed,
and in the end writes what is left of the run.
"""

import hashlib
import os
import sys
import time

from fastconv.train import Callback, Checkpoint, EarlyStopping

from .runs import EPOCHS, fit, remains, trainer_for

CHECKPOINT, RESULT = "checkpoint.npz", "result.txt"


class Told(Callback):
    """Says that steps are being done, each of which takes a little longer."""

    def __init__(self, delay):
        self.delay = delay

    def on_epoch_begin(self, run):
        print("epoch", run.epoch, flush=True)

    def on_batch_end(self, run):
        time.sleep(self.delay)


def main(folder, optimizer, delay="0"):
    path = os.path.join(folder, CHECKPOINT)
    callbacks = [
        EarlyStopping("val_loss", patience=EPOCHS),
        Told(float(delay)),
        Checkpoint(path, best=os.path.join(folder, "best.npz"), monitor="val_accuracy", every_steps=1),
    ]
    trainer = trainer_for(optimizer, callbacks)
    history = fit(trainer, prefetch=2, resume=path if os.path.exists(path) else None)
    with open(os.path.join(folder, RESULT), "w") as file:
        file.write(digest(trainer, history))


def digest(trainer, history):
    """The bits of everything, in short."""
    return hashlib.sha256(repr(remains(trainer, history)).encode()).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
