"""``fastconv summary``"""

import argparse
from typing import Any

from .arguments import add_output, add_threads, positive_integer, set_threads

EXAMPLES = """
fastconv summary lenet5
fastconv summary resnet18 --size 224 --channels 3 --classes 1000 --batch-size 8 --timing
fastconv summary net.toml --size 28
fastconv summary fastconv-run/model.npz --json
"""
SIZE, CHANNELS, CLASSES = 32, 1, 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "model", metavar="MODEL", help="a file of fastconv train, or what its --model takes: a name or a .toml file"
    )
    parser.add_argument("--batch-size", type=positive_integer, default=1, metavar="N", help="images (default: 1)")
    of_a_name = "of a network that is no file of fastconv train (default: {})"
    for option, usual, what in (
        ("--size", SIZE, "height and width of images"),
        ("--channels", CHANNELS, "channels of images"),
        ("--classes", CLASSES, "number of classes"),
    ):
        parser.add_argument(option, type=positive_integer, metavar="N", help=f"{what} {of_a_name.format(usual)}")
    parser.add_argument("--timing", action="store_true", help="measure a training step of each layer as well")
    add_output(parser, "print the totals alone")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from .. import summary
    from . import network

    set_threads(args.threads)
    model, meta = _network(args)
    table = summary(model, network.input_shape(meta, args.batch_size), timing=args.timing)
    if args.json:
        import json

        print(json.dumps(table.as_dict()))
    elif args.quiet:
        print(f"parameters: {table.totals.parameters:,}, multiply-adds: {table.totals.multiply_adds:,}")
    else:
        print(table)
    return 0


def _network(args: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    from . import network
    from .layers import read_layers

    if args.model not in network.NAMES and not args.model.endswith(".toml"):
        return network.load(args.model)
    meta = {
        "model": args.model,
        "num_classes": args.classes or CLASSES,
        "in_channels": args.channels or CHANNELS,
        "input_size": args.size or SIZE,
    }
    if args.model.endswith(".toml"):
        meta["layers"] = read_layers(args.model)
    return network.build(meta), meta
