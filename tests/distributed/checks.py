"""What several ranks check together, in one launch.

    mpiexec -n N python -m distributed.checks FOLDER [NAME ...]

prints what failed, as JSON.
"""

import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import distributed, nn, optim
from fastconv.train import Callback, Checkpoint, ConfusionMatrix, CSVLogger, GradientNormClipping

from .training import OPTIMIZERS, alone, convnet, difference, digits, steps, together

RANKS = distributed.init()
CHECKS: dict[str, Callable[[Path], None]] = {}


def check(function: Callable[[Path], None]) -> Callable[[Path], None]:
    """Enter it."""
    CHECKS[function.__name__] = function
    return function


def same_everywhere(model: nn.Module) -> None:
    """All ranks hold the same bits."""
    mine = {name: array.tobytes() for name, array in model.state_dict().items()}
    assert all(other == mine for other in RANKS.allgather_object(mine))


@check
def the_group(folder: Path) -> None:
    assert distributed.init() is RANKS
    assert RANKS.allgather_object(RANKS.rank) == list(range(RANKS.size))
    for dtype in (np.float16, np.float32, np.float64):
        values = np.arange(1000, dtype=dtype) % 128
        request = RANKS.iallreduce(values)
        request.Wait()
        assert np.array_equal(values, RANKS.size * (np.arange(1000) % 128)), dtype
    values = np.full((3, 4), RANKS.rank)
    RANKS.allreduce(values)
    assert (values == sum(range(RANKS.size))).all()
    values = np.full((3, 4), RANKS.rank)
    RANKS.broadcast(values, 1)
    assert (values == 1).all()


@check
def threads_are_shared(folder: Path) -> None:
    from fastconv import _threads

    before = _threads._count, _threads._reason
    _threads._apply(4, _threads._usable()[1])
    _threads.share(RANKS.size)
    assert fc.get_num_threads() == 4 // RANKS.size
    _threads._apply(*before)
    _threads.share(RANKS.size)
    assert fc.get_num_threads() == 1  # FASTCONV_NUM_THREADS says so


@check
def float64_training_is_that_of_one_rank(folder: Path) -> None:
    for name, make in OPTIMIZERS.items():
        model = together(make, 50, 32, np.float64)
        same_everywhere(model)
        assert difference(model, alone(make, 50, 32, np.float64)) < 1e-12, name


@check
def uneven_and_empty_parts_count_as_many_samples_as_they_have(folder: Path) -> None:
    make = OPTIMIZERS["momentum"]
    for samples in (61, 65):  # last batches of 13 and of 1
        model = together(make, 10, 16, np.float64, samples=samples)
        assert difference(model, alone(make, 10, 16, np.float64, samples=samples)) < 1e-12, samples


@check
def float32_gradients_of_the_first_step_are_those_of_one_rank(folder: Path) -> None:
    X, y = digits()
    grads = []
    for communicator in (None, RANKS):
        model, criterion = convnet(), nn.CrossEntropyLoss()
        optimizer = optim.SGD(model.parameters(), lr=0.0)
        if communicator is None:
            loader = fc.data.DataLoader(X, y, 64)
        else:
            loader = fc.data.DataLoader(X, y, 64, sampler=distributed.DistributedSampler())
            optimizer = distributed.DistributedOptimizer(optimizer)
        x, targets = next(iter(loader))
        criterion(model(x), targets)
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
        grads.append([parameter.grad for parameter in model.parameters()])
    for one, many in zip(*grads, strict=True):
        assert np.abs(one - many).max() <= 1e-5 * max(1.0, np.abs(one).max())


@check
def float32_weights_have_the_same_bits_on_all_ranks(folder: Path) -> None:
    for name, make in OPTIMIZERS.items():
        model = together(make, 20, 30)
        same_everywhere(model)
        assert difference(model, convnet()) > 0, name


@check
def synchronized_batch_norm_is_that_of_the_whole_batch(folder: Path) -> None:
    make = OPTIMIZERS["sgd"]
    for samples in (400, 61, 65):
        model = together(make, 12, 16, np.float64, norm=True, samples=samples)
        same_everywhere(model)
        assert difference(model, alone(make, 12, 16, np.float64, norm=True, samples=samples)) < 1e-12, samples
    assert "communicator" not in repr(model)


@check
def buckets_are_sent_while_backward_goes_on(folder: Path) -> None:
    model, make = convnet(), OPTIMIZERS["adam"]
    optimizer = distributed.DistributedOptimizer(make(model.parameters()), bucket_cap_mb=1e-3)
    sent = []
    model[0].register_full_backward_hook(lambda *_: sent.append(optimizer._sent))
    loader = fc.data.DataLoader(*digits(), 64, sampler=distributed.DistributedSampler())
    steps(model, optimizer, loader, 4)
    buckets = len(optimizer._buckets)
    assert buckets > 2
    assert sent == [0, buckets, buckets, buckets]  # how often gradients are added to is known after the first step
    same_everywhere(model)


@check
def buckets_of_any_size_give_the_same(folder: Path) -> None:
    make = OPTIMIZERS["sgd"]
    whole = together(make, 8, 32, np.float64)
    for megabytes in (1e-5, 1e-3):
        model = together(make, 8, 32, np.float64, options={"bucket_cap_mb": megabytes})
        assert difference(model, whole) < 1e-14


@check
def gradients_are_accumulated_without_sync(folder: Path) -> None:
    X, y = digits(np.float64)
    models = []
    for how in ("no_sync", "twice", "once"):
        model, criterion = convnet(np.float64), nn.CrossEntropyLoss()
        optimizer = distributed.DistributedOptimizer(optim.SGD(model.parameters(), lr=0.1))
        for i in range(4):
            optimizer.zero_grad()
            halves = [slice(40 * i, 40 * i + 20), slice(40 * i + 20, 40 * i + 40)]
            if how == "once":
                criterion(model(X[40 * i : 40 * i + 40]), y[40 * i : 40 * i + 40])
                model.backward(2 * criterion.backward())
            for j, half in enumerate(halves if how != "once" else ()):
                criterion(model(X[half]), y[half])
                gradient = criterion.backward()
                if how == "no_sync" and j == 0:
                    with optimizer.no_sync():
                        model.backward(gradient)
                else:
                    model.backward(gradient)
            optimizer.step()
        models.append(model)
    assert difference(models[0], models[2]) < 1e-12
    assert difference(models[1], models[2]) < 1e-12


@check
def a_gradient_that_comes_too_late_is_refused(folder: Path) -> None:
    X, y = digits()
    model, criterion = convnet(), nn.CrossEntropyLoss()
    optimizer = distributed.DistributedOptimizer(optim.SGD(model.parameters(), lr=0.1))
    for _ in range(2):
        criterion(model(X[:8]), y[:8])
        model.backward(criterion.backward())
        optimizer.step()
    criterion(model(X[:8]), y[:8])
    model.backward(criterion.backward())
    criterion(model(X[:8]), y[:8])
    try:
        model.backward(criterion.backward())
    except RuntimeError as error:
        assert "no_sync()" in str(error)
    else:
        raise AssertionError("it was not refused")
    optimizer.step()


@check
def a_parameter_without_gradients_stays_without(folder: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    spare, frozen = nn.Parameter(np.ones(3)), nn.Parameter(np.ones(3, np.float32), requires_grad=False)
    optimizer = distributed.DistributedOptimizer(optim.Adam([*model.parameters(), spare, frozen]))
    loader = fc.data.DataLoader(*digits(), 64, sampler=distributed.DistributedSampler())
    steps(model, optimizer, loader, 3)
    assert spare.grad is None and frozen.grad is None and set(optimizer.state) == set(model.parameters())
    model[1].requires_grad_(False)
    frozen.requires_grad = True
    frozen.accumulate(np.full(3, RANKS.rank, np.float32))
    optimizer.step()
    assert frozen.grad.tolist() == [(RANKS.size - 1) / 2] * 3


@check
def compressed_gradients_are_near(folder: Path) -> None:
    make = OPTIMIZERS["momentum"]
    model = together(make, 20, 32, options={"compression": "float16"})
    same_everywhere(model)
    assert 0 < difference(model, together(make, 20, 32)) < 1e-2


@check
def an_optimizer_is_of_the_class_that_it_was_made_of(folder: Path) -> None:
    model = convnet()
    inner = optim.Adam(model.named_parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.ExponentialLR(inner, 0.5)
    optimizer = distributed.DistributedOptimizer(inner)
    scheduler.step()
    assert isinstance(optimizer, optim.Adam) and type(optimizer).__name__ == "Adam"
    assert optimizer.param_groups[0]["lr"] == 0.05
    optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.load_state_dict(optimizer.state_dict())
    try:
        distributed.DistributedOptimizer(optimizer)
    except TypeError as error:
        assert "optimizer" in str(error)
    else:
        raise AssertionError("it was wrapped twice")


@check
def parameters_are_broadcast(folder: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4, rng=RANKS.rank), nn.BatchNorm1d(4), nn.Dropout(rng=RANKS.rank))
    model[1].running_mean[...] = RANKS.rank
    weight = model[0].weight.data
    model[0].weight.data = np.asfortranarray(weight)
    distributed.broadcast_parameters(model, root_rank=1)
    same_everywhere(model)
    assert (model[1].running_mean == 1).all()
    draws = RANKS.allgather_object(model[2].rng.random())
    assert len(set(draws)) == RANKS.size
    own = nn.Linear(3, 4 + (RANKS.rank == 1))
    try:
        distributed.broadcast_parameters(own)
    except ValueError as error:
        assert "ranks [1]" in str(error)
    else:
        raise AssertionError("models differ")


class Stop(Callback):
    """Stops on one rank alone."""

    def on_batch_end(self, run: Any) -> None:
        run.stop = run.step == 5 and RANKS.rank == 1


def trainer(callbacks: Any = (), metrics: Any = ("accuracy", "top3_accuracy"), wrapped: bool = True) -> fc.Trainer:
    model = convnet(np.float64)
    optimizer: Any = optim.Momentum(model.parameters(), lr=0.05)
    if wrapped:
        optimizer = distributed.DistributedOptimizer(optimizer)
    return fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, callbacks, metrics=metrics)


@check
def the_trainer_measures_all_ranks(folder: Path) -> None:
    data = digits(np.float64)
    test = tuple(part[:101] for part in data)
    clip = GradientNormClipping(0.5)
    many, one = trainer([clip]), trainer([GradientNormClipping(0.5)], wrapped=False)
    options = {"validation": test, "epochs": 3, "rng": 3, "progress": False}
    history, alone = many.fit(data, **options), one.fit(data, **options)
    assert list(history) == list(alone)
    for name, values in alone.items():
        assert np.allclose(history[name], values, rtol=1e-9, atol=0), name
    assert difference(many.model, one.model) < 1e-12
    assert RANKS.allgather_object(clip.norm) == [clip.norm] * RANKS.size
    many.metrics, one.metrics = [ConfusionMatrix()], [ConfusionMatrix()]
    assert np.array_equal(
        many.evaluate(test, batch_size=1)["confusion_matrix"], one.evaluate(test)["confusion_matrix"]
    )
    whole = fc.data.DataLoader(*test, 10)  # without a sampler each rank sees it all
    assert many.evaluate(whole)["confusion_matrix"].sum() == len(test[0])


@check
def the_trainer_needs_a_sampler(folder: Path) -> None:
    try:
        trainer().fit(fc.data.DataLoader(*digits(np.float64), 32), progress=False)
    except ValueError as error:
        assert "DistributedSampler" in str(error)
    else:
        raise AssertionError("every rank would train on the same")


@check
def one_rank_stops_all(folder: Path) -> None:
    run = trainer([Stop()])
    history = run.fit(digits(np.float64), epochs=4, rng=0, progress=False)
    assert history.epochs == 1
    same_everywhere(run.model)


@check
def a_time_budget_goes_by_one_clock(folder: Path) -> None:
    run = trainer()
    run.fit(digits(np.float64), time_budget=0.3, rng=0, progress=False)
    same_everywhere(run.model)


@check
def rank_0_alone_writes(folder: Path) -> None:
    path = folder / f"history-{RANKS.rank}.csv"
    trainer([CSVLogger(path)]).fit(digits(np.float64, 64), epochs=1, rng=0, progress=False)
    assert path.exists() == (RANKS.rank == 0)


class StopAfter(Callback):
    """As a signal to one rank would."""

    def on_batch_end(self, run: Any) -> None:
        if run.step == 18 and RANKS.rank == RANKS.size - 1:
            os.kill(os.getpid(), signal.SIGINT)


@check
def an_interrupted_run_is_left_for_any_number_of_ranks(folder: Path) -> None:
    """13 steps an epoch; step 18 is in the second one. The test goes on with one rank, and here does that of others."""
    path = folder / f"stopped-{RANKS.size}.npz"
    try:
        trainer([StopAfter(), Checkpoint(path)]).fit(digits(np.float64), epochs=3, rng=3, progress=False)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("a signal to one rank must end all")
    for other in sorted(folder.glob("stopped-*.npz")):
        run = trainer([Checkpoint(folder / "gone-on.npz")])
        history = run.fit(digits(np.float64), epochs=3, rng=3, progress=False, resume=other)
        one = trainer(wrapped=False)
        whole = one.fit(digits(np.float64), epochs=3, rng=3, progress=False)
        for name, values in whole.items():
            assert np.allclose(history[name], values, rtol=1e-9, atol=0), name
        assert difference(run.model, one.model) < 1e-12


@check
def a_resumed_run_has_the_bits_of_one_that_was_not_stopped(folder: Path) -> None:
    """Dropout included, whose numbers differ from rank to rank."""

    def run(epochs: int, **options: Any) -> Any:
        model = nn.Sequential(nn.Flatten(), nn.Dropout(rng=0), nn.Linear(64, 10, rng=0))
        optimizer = distributed.DistributedOptimizer(optim.Adam(model.parameters()))
        trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, [Checkpoint(folder / "dropout.npz")])
        trainer.fit(digits(), epochs=epochs, batch_size=40, rng=0, progress=False, **options)
        return model

    whole = run(3)
    run(1)
    resumed = run(3, resume=folder / "dropout.npz")
    assert difference(resumed, whole) == 0
    same_everywhere(resumed)


def main(folder: Path, names: list[str]) -> None:
    report = {}
    faulthandler.dump_traceback_later(100, exit=True)  # a deadlock must say where it is
    for name, function in CHECKS.items():
        if names and name not in names:
            continue
        error = None
        start = time.perf_counter()
        try:
            function(folder)
        except BaseException:
            error = traceback.format_exc()
            print(f"rank {RANKS.rank}: {error}", file=sys.stderr, flush=True)
        if RANKS.rank == 0:
            print(f"{time.perf_counter() - start:6.2f} s  {name}", file=sys.stderr, flush=True)
        report[name] = [f"rank {i}: {e}" for i, e in enumerate(RANKS.allgather_object(error)) if e is not None]
    if RANKS.rank == 0:
        print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
