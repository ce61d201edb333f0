"""``fastconv info``"""

import argparse

from .arguments import add_output

EXAMPLES = """
fastconv info
fastconv info --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_output(parser, "print one line")


def run(args: argparse.Namespace) -> int:
    """Print the configuration."""
    from .. import __version__, get_backend, get_num_threads, show_config

    if args.json:
        import json

        print(json.dumps(show_config(mode="dicts")))
    elif args.quiet:
        print(f"fastconv {__version__}, backend {get_backend()}, threads: {get_num_threads()}")
    else:
        show_config()
    return 0
