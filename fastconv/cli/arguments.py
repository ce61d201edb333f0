"""Arguments that several commands share: a parser whose complaints fit on one line, and checked numbers."""

import argparse
import math
import tomllib
from typing import Any, NoReturn


class UsageError(Exception):
    """Arguments that do not go together."""


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


def name_and_value(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` with a value as TOML writes it; what is no such value is a text.

    Examples
    --------
    >>> name_and_value("width_mult=0.5"), name_and_value("pool=avg"), name_and_value("betas=[0.9, 0.99]")
    (('width_mult', 0.5), ('pool', 'avg'), ('betas', [0.9, 0.99]))
    """
    name, equals, value = text.partition("=")
    if not (name.isidentifier() and equals and value):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, got {text!r}")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return name, value


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


def add_output(parser: argparse.ArgumentParser, quiet: str) -> None:
    """Add ``--quiet``, which prints less, and ``--json``."""
    parser.add_argument("--quiet", action="store_true", help=quiet)
    parser.add_argument("--json", action="store_true", help="print JSON: one object a line, and nothing else")


def set_threads(threads: int | None) -> None:
    """Act on ``--threads``."""
    from .. import set_num_threads

    if threads is not None:
        set_num_threads(threads)
