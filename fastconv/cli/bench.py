"""``fastconv bench``"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    from ..bench import add_arguments

    add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print the table."""
    from ..bench import main

    return main(args)
