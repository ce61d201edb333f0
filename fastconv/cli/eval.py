"""``fastconv eval``"""

import argparse

from .arguments import add_output, add_threads, positive_integer, set_threads
from .datasets import add_data

EXAMPLES = """
fastconv eval fastconv-run/model.npz
fastconv eval runs/a/best.npz --data fashion/ --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz or best.npz of a run of fastconv train")
    add_data(parser)
    parser.add_argument("--batch-size", type=positive_integer, default=256, metavar="N", help="default: %(default)s")
    add_output(parser, "print the accuracy alone")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Measure the network on the test images and print loss and accuracy."""
    from .. import Trainer, nn, optim
    from . import datasets, network

    set_threads(args.threads)
    model, meta = network.load(args.model)
    name = args.data or datasets.DIGITS
    images, labels = datasets.for_network(name, args.model, meta)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.0))
    measured = trainer.evaluate((images, labels), batch_size=args.batch_size)
    if args.json:
        import json

        print(json.dumps({"images": len(images), **measured}))
        return 0
    if not args.quiet:
        print(f"test images {len(images)}")
        print(f"test loss {measured['loss']:.4f}")
    print(f"test accuracy {100 * measured['accuracy']:.2f} %")
    return 0
