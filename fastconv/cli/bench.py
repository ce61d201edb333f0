"""``fastconv bench``"""

import argparse

EXAMPLES = """
fastconv bench                                    the layers of LeNet-5 on all backends
fastconv bench layers --rows conv1 --json rows.json
fastconv bench networks --against torch,onnxruntime
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    from ..bench import add_arguments

    add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print the table."""
    from ..bench import main

    return main(args)
