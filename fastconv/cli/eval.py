"""``fastconv eval``"""

import argparse

from .arguments import add_threads, positive_integer, set_threads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz of a run of fastconv train")
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="folder with MNIST's four IDX files, plain or .gz (default: the digits that ship with fastconv)",
    )
    parser.add_argument("--batch-size", type=positive_integer, default=256, metavar="N")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Measure the network on the test images and print loss and accuracy."""
    from .. import Trainer, data, nn, optim
    from . import network

    set_threads(args)
    model, meta = network.load(args.model)
    _, (images, labels) = data.digits(32) if args.data is None else data.mnist(args.data)
    if labels.max() >= meta["num_classes"]:
        known = f"{args.model} knows {meta['num_classes']} classes"
        raise ValueError(f"{args.data or 'digits'}: has the label {labels.max()}, {known}")
    images = network.fit_size(images, meta["input_size"])
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.0))
    measured = trainer.evaluate((images, labels), batch_size=args.batch_size)
    if args.json:
        import json

        print(json.dumps({"images": len(images), **measured}))
    else:
        print(f"test images {len(images)}")
        print(f"test loss {measured['loss']:.4f}")
        print(f"test accuracy {100 * measured['accuracy']:.2f} %")
    return 0
