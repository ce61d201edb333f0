"""Checkpoints that earlier releases wrote: they stay loadable for ever."""

from pathlib import Path

import numpy as np

import fastconv as fc
from fastconv import nn, optim
from fastconv.train import Callback, EarlyStopping, LRScheduler

HERE = Path(__file__).parent
VERSION_1, RUN_1 = HERE / "version1.npz", HERE / "version1-run.npz"


def parts(seed):
    model = nn.Sequential(nn.Linear(3, 2, rng=seed), nn.Dropout(0.25, rng=seed), nn.BatchNorm1d(2))
    optimizer = optim.Adam(model.parameters(), lr=0.125)
    return model, optimizer, optim.lr_scheduler.StepLR(optimizer, 2)


def step(model, optimizer, scheduler):
    """A step with numbers that are exact, so that it has the same bits everywhere."""
    optimizer.zero_grad()
    for parameter in model.parameters():
        parameter.grad = np.full_like(parameter.data, 0.5)
    optimizer.step()
    scheduler.step()
    return model[1](np.ones((1, 8), np.float32))


def test_version_1():
    """Made by `parts(0)`, `step` and `fc.save_checkpoint(path, *parts, epoch=3, best=(1.5, float("inf")))`."""
    ours, theirs = parts(0), parts(1)
    step(*ours)
    saved = fc.load_checkpoint(VERSION_1, *theirs)
    assert saved["epoch"] == 3 and saved["best"] == (1.5, float("inf"))
    for _ in range(3):
        assert np.array_equal(step(*ours), step(*theirs))
    for name, array in ours[0].state_dict().items():
        np.testing.assert_allclose(theirs[0].state_dict()[name], array, rtol=1e-6)
    assert theirs[1].param_groups[0]["lr"] == ours[1].param_groups[0]["lr"]


def run(*callbacks, **options):
    """A run of few numbers, which have nearly the same bits everywhere."""
    model = nn.Sequential(nn.Linear(2, 2, rng=0))
    model[0].weight.data[...] = 0
    model[0].bias.data[...] = 0
    optimizer = optim.Momentum(model.parameters(), lr=0.5)
    plateau = LRScheduler(optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0), monitor="loss")
    stopping = EarlyStopping("loss", patience=9)
    trainer = fc.Trainer(model, nn.MSELoss(), optimizer, [plateau, stopping, *callbacks], metrics=["accuracy"])
    zeros = np.zeros((4, 2), np.float32)
    data = [(zeros[:1], zeros[:1]), (zeros, zeros + 1), (zeros, zeros - 1)]
    return trainer, trainer.fit(data, data, epochs=4, progress=False, **options), stopping


class Keep(Callback):
    saves = True

    def on_batch_end(self, run):
        if run.step == 5:
            run.save(str(RUN_1))


def test_a_run_of_version_1():
    """Made by `run(Keep())`: within its second epoch."""
    ours, theirs = run(), run(resume=RUN_1)
    assert ours[2].best_epoch == theirs[2].best_epoch and list(ours[1]) == list(theirs[1])
    for name, values in ours[1].items():
        np.testing.assert_allclose(theirs[1][name], values, rtol=1e-5)
    for name, array in ours[0].model.state_dict().items():
        np.testing.assert_allclose(theirs[0].model.state_dict()[name], array, rtol=1e-5)
