"""Arguments that several commands share: a parser whose complaints fit on one line, and checked numbers."""

import argparse
import math
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that explains bad usage in one line and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit."""
        self.exit(2, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def one_line(text: str) -> str:
    """Text that can be printed anywhere: a path may hold line breaks, and bytes that are no text."""
    return text.replace("\r", "\\r").replace("\n", "\\n").encode("utf-8", "backslashreplace").decode()


def positive_integer(text: str) -> int:
    """A whole number from 1 to 2**31 - 1."""
    return _integer(text, 1, 2**31 - 1)


def seed(text: str) -> int:
    """A whole number that numpy.random.default_rng takes."""
    return _integer(text, 0, 2**64 - 1)


def thread_count(text: str) -> int:
    """A whole number from 1 to 1024."""
    return _integer(text, 1, 1024)


def positive_number(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"must be a finite number > 0, got {text!r}")
    return number


def _integer(text: str, smallest: int, largest: int) -> int:
    # int() would also take underscores, spaces and the digits of other scripts.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
    if number is None or not smallest <= number <= largest:
        raise argparse.ArgumentTypeError(f"must be a whole number from {smallest} to {largest}, got {text!r}")
    return number


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add ``--threads``."""
    parser.add_argument(
        "--threads",
        type=thread_count,
        metavar="N",
        help="threads that compute; results do not depend on it (default: the CPUs that the process may use)",
    )


def set_threads(args: argparse.Namespace) -> None:
    """Act on ``--threads``."""
    from .. import set_num_threads

    if args.threads is not None:
        set_num_threads(args.threads)
