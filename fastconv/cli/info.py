"""``fastconv info``"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the configuration."""
    from .. import show_config

    if args.json:
        import json

        print(json.dumps(show_config(mode="dicts")))
    else:
        show_config()
    return 0
