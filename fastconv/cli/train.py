"""``fastconv train``"""

import argparse
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .arguments import add_output, set_threads

if TYPE_CHECKING:
    from ..data import Split
    from ..distributed import Communicator
    from .training.folder import RunFolder
    from .training.settings import Settings

EXAMPLES = """
fastconv train                                          the digits, with LeNet-5
fastconv train --data fashion/ --epochs 10 --out runs/a
fastconv train --data photos/ --size 64 --model resnet18 --model-args width_mult=0.25 --minutes 20
fastconv train --data cifar-10-batches-bin/ --model resnet20 --optimizer momentum --optimizer-args weight_decay=1e-4
fastconv train --model net.toml --augment shift=2,cutout=8
fastconv train --config train.toml --seed 1
fastconv train --resume --out runs/a                    after Ctrl-C, SIGTERM or a power cut
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    from .training.settings import add_options

    add_options(parser)
    add_output(parser, "print the test accuracy alone")


def run(args: argparse.Namespace) -> int:
    """Train, save the network and its learning curve, and print the accuracy."""
    from .. import distributed
    from .training.settings import gather

    settings = gather(args)
    set_threads(settings.threads)
    ranks = distributed.init()
    with distributed.failing_together(ranks):
        return _train(args, settings, ranks)


def _train(args: argparse.Namespace, settings: "Settings", ranks: "Communicator") -> int:
    """The same on each rank, but that rank 0 alone writes and prints."""
    import numpy as np

    from .. import Trainer, __version__, data, distributed, nn
    from . import datasets, network
    from .training import augmentation, schedule
    from .training.folder import RunFolder
    from .training.optimizer import make_optimizer
    from .training.settings import complete

    folder = RunFolder(settings.out)
    if args.resume:
        folder.check_resumable()
    train, test = datasets.read(settings.data, settings.size, settings.grayscale)
    datasets.check_classes(settings.data, train)
    rate = complete(settings, train.X.shape)
    meta = _description(settings, train)

    for_weights, for_batches = np.random.default_rng(settings.seed).spawn(2)
    model = network.build(meta, for_weights)
    x_train, x_test = network.fit(train.X, meta), network.fit(test.X, meta)
    change = augmentation.make_transform(settings.augment, x_train.shape, meta["num_classes"])
    sampler = distributed.DistributedSampler(ranks)
    loader = data.DataLoader(
        x_train, train.y, settings.batch_size, shuffle=True, rng=for_batches, transform=change, sampler=sampler
    )
    optimizer = distributed.DistributedOptimizer(
        make_optimizer(settings.optimizer, model, rate, settings.optimizer_args), ranks
    )
    rates = None
    if settings.epochs is not None and settings.minutes is None:
        rates = schedule.make_schedule(settings.schedule, optimizer, rate, settings.epochs * len(loader))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, _callbacks(settings, folder, meta))

    if ranks.rank == 0:
        folder.prepare()
        if not args.resume:
            folder.clear()
        folder.write_config({"fastconv": __version__, **settings.as_config(), **meta})
    ranks.barrier()
    parameters = sum(parameter.data.size for parameter in model.parameters())
    verbose = ranks.rank == 0 and not (args.quiet or args.json)
    if verbose:
        print(f"{meta['model']} with {parameters} parameters, {len(x_train)} training and {len(x_test)} test images")
        if settings.batch_size > len(x_train):
            print(f"a batch of {settings.batch_size} is more than there are training images: each epoch is one step")
    with _advising(folder):
        history = trainer.fit(
            loader,
            validation=data.DataLoader(x_test, test.y, 256, rng=0, sampler=sampler),
            epochs=settings.epochs,
            scheduler=rates,
            time_budget=None if settings.minutes is None else 60 * settings.minutes,
            resume=folder.checkpoint if args.resume else None,
            progress=verbose,
        )
        missing = _plot(history, folder.curve) if ranks.rank == 0 else None

    measured = {"test": trainer.evaluate((x_test, test.y))}
    if not args.quiet:
        measured = {"train": trainer.evaluate((x_train, train.y)), **measured}
    if ranks.rank > 0:
        return 0
    if args.json:
        import json

        numbers = {f"{part}_{name}": value for part, found in measured.items() for name, value in found.items()}
        print(json.dumps({"out": folder.path, "epochs": history.epochs, "parameters": parameters, **numbers}))
        return 0
    if verbose and missing is not None:
        print(f"no {os.path.basename(folder.curve)}: {missing}")
    for part, found in measured.items():
        print(f"{part} accuracy {100 * found['accuracy']:.2f} %")
    return 0


def _description(settings: "Settings", train: "Split") -> dict[str, Any]:
    """What the network is to be."""
    from . import datasets, network

    names = None if train.classes is None or settings.data == datasets.DIGITS else list(train.classes)
    classes = len(train.classes) if train.classes is not None else int(train.y.max()) + 1
    given = {"model_args": settings.model_args, "class_names": names}
    return network.describe(settings.model, settings.layers, train.X, classes, **given)


def _callbacks(settings: "Settings", folder: "RunFolder", meta: dict[str, Any]) -> list[Any]:
    """What is done while the training goes on. The checkpoint is last: it says that all before it is written."""
    from ..train import Checkpoint, CSVLogger, EarlyStopping, GradientNormClipping
    from .training.weights import SaveWeights

    callbacks: list[Any] = [CSVLogger(folder.history)]
    if settings.clip_norm is not None:
        callbacks.append(GradientNormClipping(settings.clip_norm))
    if settings.patience is not None:
        callbacks.append(EarlyStopping(patience=settings.patience))
    return [*callbacks, SaveWeights(folder.model, folder.best, meta), Checkpoint(folder.checkpoint)]


@contextmanager
def _advising(folder: "RunFolder") -> Iterator[None]:
    """Add to whatever ends a run what can be done with its checkpoint."""
    try:
        yield
    except BaseException as error:
        if not os.path.exists(folder.checkpoint):
            error.add_note("there is no checkpoint yet")
        elif isinstance(error, FloatingPointError):
            error.add_note(f"{folder.checkpoint} and {folder.model} are of the last epoch before it")
        else:
            where = folder.path if folder.path.isprintable() else ascii(folder.path)
            error.add_note(f"to go on: fastconv train --resume --out={shlex.quote(where)}")
        raise


def _plot(history: Any, path: str) -> ImportError | None:
    """Draw the learning curve; return the reason why it cannot be drawn."""
    from .. import plot
    from ..plot._canvas import figure, save

    try:
        drawing = figure(9.2, 3.5)
        plot.learning_curve(history, ("loss", "accuracy"), axes=drawing.subplots(1, 2))
        save("train", drawing, path)
    except ImportError as error:
        return error
    return None
