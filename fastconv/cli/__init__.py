"""The command ``fastconv``: one file per subcommand, each with `add_arguments` and `run`."""

import argparse
import os
import signal
import sys
import textwrap
import threading
from collections.abc import Sequence
from types import FrameType

from .. import __version__
from . import bench, eval, export, info, predict, report, summary, train
from .arguments import Parser, UsageError, one_line

COMMANDS = {
    "train": (train, "train a network and save its weights"),
    "eval": (eval, "measure a trained network"),
    "predict": (predict, "tell what images show"),
    "report": (report, "write a page about a run, to look at in a browser"),
    "export": (export, "write a trained network as an ONNX file"),
    "bench": (bench, "compare plain Python, NumPy and Cython"),
    "summary": (summary, "show the layers of a network and what they cost"),
    "info": (info, "show versions, instruction sets and threads"),
}
# What shells and service managers expect of a process that a signal ended: 128 + the number of the signal.
INTERRUPTED, TERMINATED = 130, 143


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        0 done, 1 failed on data or input and output (one line on standard error), 2 bad usage,
        130 interrupted, 143 terminated.
    """
    parser = Parser(
        prog="fastconv",
        description="Train and run convolutional networks on a CPU.",
        epilog="fastconv COMMAND --help shows the options of a command, and examples.",
    )
    parser.add_argument("--version", action="version", version=f"fastconv {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, help) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=help,
            description=f"{help.capitalize()}.",
            epilog=f"examples:\n{textwrap.indent(module.EXAMPLES.strip(), '  ')}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if in_main_thread else None
    try:
        code: int = COMMANDS[args.command][0].run(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt as error:
        return _fail(args.command, "interrupted", error, INTERRUPTED)
    except _Terminated as error:
        return _fail(args.command, "terminated", error, TERMINATED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing may be left to flush when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except UsageError as error:
        return _fail(args.command, f"{error} (see fastconv {args.command} --help)", error, 2)
    except MemoryError as error:
        return _fail(args.command, f"not enough memory: {error}", error, 1)
    except (OSError, ValueError, FloatingPointError, ImportError) as error:
        return _fail(args.command, str(error), error, 1)
    finally:
        if in_main_thread:
            signal.signal(signal.SIGTERM, before)


def _fail(command: str, reason: str, error: BaseException, code: int) -> int:
    """Print the reason, and what those whom the error passed had to add to it."""
    text = "; ".join([reason, *getattr(error, "__notes__", [])])
    print(f"fastconv {command}: {one_line(text)}", file=sys.stderr)
    return code
