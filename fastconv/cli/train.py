"""``fastconv train``"""

import argparse
import os
import tempfile
from typing import Any

from .arguments import add_threads, positive_integer, positive_number, seed, set_threads

# The highest learning rate of the schedule, where --lr does not give one.
LEARNING_RATES = {
    "sgd": 0.1,
    "momentum": 0.05,
    "adagrad": 0.02,
    "rmsprop": 0.002,
    "adam": 0.004,
    "adamw": 0.004,
}
EPOCHS, EPOCHS_OF_FOLDER = 20, 5
# Training images move by up to this many of the network's pixels.
SHIFT = 2
FILES = ("model.npz", "history.csv", "config.json", "curve.png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="folder with MNIST's four IDX files, plain or .gz (default: the digits that ship with fastconv)",
    )
    parser.add_argument(
        "--model", choices=["lenet5", "lenet5-1998"], default="lenet5", help="default: %(default)s"
    )
    parser.add_argument(
        "--epochs",
        type=positive_integer,
        metavar="N",
        help=f"default: {EPOCHS}, with --data {EPOCHS_OF_FOLDER}",
    )
    parser.add_argument(
        "--batch-size", type=positive_integer, default=32, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--lr",
        type=positive_number,
        metavar="RATE",
        help="highest learning rate of the one-cycle schedule (default: depends on the optimizer, "
        f"{LEARNING_RATES['adam']} for adam)",
    )
    parser.add_argument("--optimizer", choices=LEARNING_RATES, default="adam", help="default: %(default)s")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--out",
        default="fastconv-run",
        metavar="DIR",
        help=f"folder for {', '.join(FILES)}, created if missing (default: %(default)s)",
    )
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Train, save the network and its learning curve, and print the accuracy."""
    import json

    import numpy as np

    from .. import Trainer, __version__, data, nn, optim, save_weights
    from .._files import atomic_write
    from . import network

    set_threads(args)
    epochs = args.epochs or (EPOCHS if args.data is None else EPOCHS_OF_FOLDER)
    rate = args.lr or LEARNING_RATES[args.optimizer]
    (x_train, y_train), (x_test, y_test) = data.digits(32) if args.data is None else data.mnist(args.data)
    size = network.input_size(x_train)
    x_train, x_test = network.fit_size(x_train, size), network.fit_size(x_test, size)
    classes = int(max(y_train.max(), y_test.max())) + 1
    meta = {"model": args.model, "num_classes": classes, "input_size": size}
    # What decides the numbers. Threads do not, nor does the folder that the files go to.
    config = {
        "fastconv": __version__,
        "data": args.data or "digits",
        **meta,
        "epochs": epochs,
        "batch_size": args.batch_size,
        "optimizer": args.optimizer,
        "lr": rate,
        "seed": args.seed,
        "shift": SHIFT,
    }
    _prepare(args.out)

    for_weights, for_batches = np.random.default_rng(args.seed).spawn(2)
    model = network.build(meta, for_weights)
    loader = data.DataLoader(
        x_train,
        y_train,
        args.batch_size,
        shuffle=True,
        rng=for_batches,
        transform=data.RandomShift(SHIFT),
    )
    optimizer = _optimizer(args.optimizer, model, rate)
    schedule = optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=rate, epochs=epochs, steps_per_epoch=len(loader), cycle_momentum=False
    )
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer)
    parameters = sum(parameter.data.size for parameter in model.parameters())
    print(f"{args.model} with {parameters} parameters, {len(x_train)} training and {len(x_test)} test images")
    history = trainer.fit(loader, validation=(x_test, y_test), epochs=epochs, scheduler=schedule)

    save_weights(os.path.join(args.out, "model.npz"), model, meta)
    history.to_csv(os.path.join(args.out, "history.csv"))
    with atomic_write(os.path.join(args.out, "config.json")) as file:
        file.write((json.dumps(config, indent=2) + "\n").encode())
    _plot(history, os.path.join(args.out, "curve.png"))
    print(f"train accuracy {100 * trainer.evaluate((x_train, y_train))['accuracy']:.2f} %")
    print(f"test accuracy {100 * history['val_accuracy'][-1]:.2f} %")
    return 0


def _prepare(folder: str) -> None:
    """Make the folder, and fail now rather than after the training if its files cannot be written."""
    os.makedirs(folder, exist_ok=True)
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            raise IsADirectoryError(21, "Is a directory", path)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(error.errno, f"cannot write into the folder ({error.strerror})", folder) from None


def _optimizer(name: str, model: Any, rate: float) -> Any:
    from .. import optim

    kinds = {
        "sgd": optim.SGD,
        "momentum": optim.Momentum,
        "adagrad": optim.Adagrad,
        "rmsprop": optim.RMSprop,
        "adam": optim.Adam,
        "adamw": optim.AdamW,
    }
    return kinds[name](model.parameters(), lr=rate)


def _plot(history: Any, path: str) -> None:
    from .. import plot
    from ..plot._canvas import figure, save

    try:
        drawing = figure(9.2, 3.5)
        plot.learning_curve(history, ("loss", "accuracy"), axes=drawing.subplots(1, 2))
        save("train", drawing, path)
    except ImportError as error:
        print(f"no {os.path.basename(path)}: {error}")
