"""The arguments of `fastconv bench`, and what it does with them."""

import argparse

from . import shapes


def row_name(text: str) -> str:
    """The name of a layer of any suite."""
    known = [layer.name for suite in shapes.SUITES for layer in shapes.read(suite)]
    if text not in known:
        raise argparse.ArgumentTypeError(f"must be among {', '.join(known)}, got {text!r}")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    from fastconv.cli.arguments import add_threads, positive_integer

    parser.add_argument(
        "suite",
        nargs="?",
        choices=shapes.SUITES,
        default="lenet",
        help="the layers of LeNet-5 (default), or single layers of many networks",
    )
    parser.add_argument(
        "--against",
        nargs="+",
        choices=("numpy", "python", "torch"),
        help="what to compare with (default: all that is there; with layers, torch)",
    )
    parser.add_argument(
        "--rows", nargs="+", type=row_name, metavar="NAME", help="only these layers, such as conv1 step"
    )
    add_threads(parser)
    parser.add_argument("--repeats", type=positive_integer, default=5, metavar="N", help="rounds of turns (default: 5)")
    parser.add_argument("--quick", action="store_true", help="two images a batch: a check, no measurement")
    parser.add_argument("--json", metavar="FILE", help="write the numbers to this file")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the speed-ups into this file (needs matplotlib)")


def main(args: argparse.Namespace) -> int:
    """Measure, print the table, write the files that were asked for."""
    from .comparison import run

    run(
        suite=args.suite,
        rows=args.rows,
        against=args.against,
        threads=args.threads,
        json=args.json,
        plot=args.plot,
        repeats=args.repeats,
        quick=args.quick,
    )
    return 0
