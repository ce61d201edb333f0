"""Forged files: checksums are right, contents are not what any save has written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import _archive, nn, optim
from fastconv.checkpoint.generators import Generators
from fastconv.train import Checkpoint, EarlyStopping

from .forgeries import archive_of, array_member, forged
from .promise import Promise, Tally
from .saved import folder
from .supervised import supervise
from .untrusted import attempt


class _Resumed:
    """A training run, which a file may be of."""

    def __init__(self, seed: int) -> None:
        self.net = nn.Sequential(nn.Linear(2, 2, rng=seed), nn.Dropout(rng=seed))
        self.optimizer = optim.Adam(self.net.parameters(), amsgrad=True)
        schedules = [optim.lr_scheduler.LinearLR(self.optimizer), optim.lr_scheduler.StepLR(self.optimizer, 2)]
        self.schedule = optim.lr_scheduler.SequentialLR(self.optimizer, schedules, [2])
        self.loader = fc.data.DataLoader(np.ones((6, 2), np.float32), np.arange(6) % 2, 3, shuffle=True, rng=seed)

    def fit(self, *callbacks: Any, resume: str | None = None) -> None:
        """Train for an epoch, or what is left of it."""
        trainer = fc.Trainer(self.net, nn.CrossEntropyLoss(), self.optimizer, [EarlyStopping("loss"), *callbacks])
        trainer.fit(self.loader, epochs=1, scheduler=self.schedule, progress=False, resume=resume)

    def load(self, path: str) -> None:
        """Take over what a file has."""
        fc.load_checkpoint(path, self.net, self.optimizer, self.schedule, self.loader)

    def state(self) -> str:
        """Everything."""
        parts = (self.net, self.optimizer, self.schedule, self.loader, Generators(self.net))
        return repr([part.state_dict() for part in parts])


# What loads a file, and what it is loaded into, as text.
_Start = tuple[Callable[[], object], Callable[[], str]]


def _weights(path: str) -> _Start:
    net = nn.Sequential(nn.Linear(2, 2, rng=0))
    return lambda: fc.load_weights(path, net, strict=False), lambda: repr(net.state_dict())


def _checkpoint(path: str) -> _Start:
    run = _Resumed(1)
    return lambda: run.load(path), run.state


def _resumption(path: str) -> _Start:
    run = _Resumed(1)
    return lambda: run.fit(resume=path), run.state


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Forge `n` files of all kinds, from ones that were saved."""
    seed = int(rng.integers(2**31))
    with folder() as directory:
        saved = os.path.join(directory, "saved.npz")
        run = _Resumed(0)
        run.fit(Checkpoint(saved))
        of_run = _archive.read(saved, "checkpoint")
        fc.save_checkpoint(saved, run.net, run.optimizer, run.schedule, run.loader)
        of_loop = _archive.read(saved, "checkpoint")
        fc.save_weights(saved, nn.Sequential(nn.Linear(2, 2, rng=0)), {"a": [1]})
        of_weights = _archive.read(saved, "weights file")
        kinds = [(of_run, _resumption), (of_loop, _checkpoint), (of_loop, _checkpoint), (of_weights, _weights)]

        def case(i: int) -> Tally:
            draw = np.random.default_rng((seed, i))
            path = os.path.join(directory, f"{os.getpid()}.npz")
            (arrays, info), start = kinds[int(draw.integers(len(kinds)))]
            Path(path).write_bytes(forged(arrays, info, draw))
            load, state = start(path)
            before = state()
            refused, wrong = attempt(load)
            # An error of a later time, when the run goes on, does not begin with the path.
            if refused is not None and str(refused).startswith(path) and state() != before:
                wrong.append(f"refused, but changed something: {refused}"[:300])
            return Tally(1, 1, [f"forgery {seed, i}, {start.__name__}: {what}" for what in wrong])

        _import_all(saved)
        return supervise(case, n, chunk=5_000)


def _import_all(path: str) -> None:
    """Let NumPy import what it needs for headers of old files."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        Path(path).write_bytes(archive_of({"0.weight.npy": array_member(rng)}, rng))
        try:
            fc.load_weights(path, nn.Linear(2, 2))
        except Exception:
            continue


PROMISES = [
    Promise("forgery", "A file that was made to deceive is refused with ValueError, or loaded: no crash, no other "
            "error, no code run, no memory beyond its size", 1_000, 100_000, attack),
]  # fmt: skip
