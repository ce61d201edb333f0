"""``fastconv summary``"""

import argparse

from .arguments import add_threads, positive_integer, set_threads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="a file of fastconv train, or a name that its --model takes")
    parser.add_argument("--batch-size", type=positive_integer, default=1, metavar="N", help="images (default: 1)")
    parser.add_argument("--timing", action="store_true", help="measure a training step of each layer as well")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from .. import summary
    from . import network

    set_threads(args)
    if args.model in network.NETWORKS:
        meta = {"model": args.model, "num_classes": 10, "input_size": 32}
        model = network.build(meta)
    else:
        model, meta = network.load(args.model)
    size = meta["input_size"]
    table = summary(model, (args.batch_size, 1, size, size), timing=args.timing)
    if args.json:
        import json

        print(json.dumps(table.as_dict()))
    else:
        print(table)
    return 0
