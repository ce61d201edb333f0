"""The arguments of `fastconv bench`, and what it does with them."""

import argparse
import os
import subprocess
import sys

from . import shapes
from .timing import ROUNDS

SCALING = "scaling"


def row_name(text: str) -> str:
    """The name of a layer of any suite."""
    known = [layer.name for suite in shapes.SUITES for layer in shapes.read(suite)]
    if text not in known:
        raise argparse.ArgumentTypeError(f"must be among {', '.join(known)}, got {text!r}")
    return text


def opponent_names(text: str) -> list[str]:
    """Names of what to compare with, between commas."""
    known = ("numpy", "python", "serial", "torch", "onnxruntime")
    names = text.split(",")
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"must be among {', '.join(known)}, got {name!r}")
    return names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    from fastconv.cli.arguments import add_threads, positive_integer

    parser.add_argument(
        "suite",
        nargs="?",
        choices=(*shapes.SUITES, SCALING),
        default="lenet",
        help="the layers of LeNet-5 (default), single layers of many networks, whole networks, torch models with "
        "fastconv's layers, or how training scales on many machines",
    )
    parser.add_argument(
        "--against",
        nargs="+",
        type=opponent_names,
        metavar="NAME",
        help="what to compare with: numpy, python, serial (one thread), torch, onnxruntime (inference of networks) "
        "(default: torch, and with LeNet-5's layers all backends)",
    )
    parser.add_argument(
        "--rows", nargs="+", type=row_name, metavar="NAME", help="only these layers, such as conv1 step"
    )
    parser.add_argument("--networks", nargs="+", metavar="NAME", help="only these networks, of scaling")
    add_threads(parser)
    parser.add_argument("--isa", help="instruction set, for fastconv and torch alike, such as x86_64_v3")
    parser.add_argument(
        "--repeats", type=positive_integer, default=ROUNDS, metavar="N", help=f"rounds of turns (default: {ROUNDS})"
    )
    parser.add_argument("--quick", action="store_true", help="two images a batch: a check, no measurement")
    parser.add_argument("--json", metavar="FILE", help="write the numbers to this file")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the speed-ups into this file (needs matplotlib)")


TORCH_ISA = {
    "x86_64_v2": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    "x86_64_v3": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
}
"""What keeps torch and its libraries to an instruction set."""


def in_new_process(args: argparse.Namespace) -> int:
    """The same command under another instruction set, which is chosen at import."""
    command = [sys.executable, "-m", "fastconv", "bench", args.suite, "--isa", args.isa, f"--repeats={args.repeats}"]
    for name in ("against", "rows"):
        command += [f"--{name}", *getattr(args, name)] if getattr(args, name) is not None else []
    command += [f"--{name}={getattr(args, name)}" for name in ("threads", "json", "plot") if getattr(args, name)]
    command += ["--quick"] if args.quick else []
    environment = os.environ | {"FASTCONV_ISA": args.isa} | TORCH_ISA.get(args.isa, {})
    return subprocess.run(command, env=environment, check=False).returncode


def main(args: argparse.Namespace) -> int:
    """Measure, print the table, write the files that were asked for."""
    from fastconv import _backend

    from .comparison import run

    if args.suite == SCALING:
        from . import scaling

        return scaling.main(args)
    if args.against is not None:
        args.against = [name for names in args.against for name in names]
    if args.isa is not None:
        if args.isa not in _backend.runnable():
            have = ", ".join(_backend.runnable()) or "none"
            raise ValueError(f"bench: isa must be one that is built and runs here ({have}), got {args.isa!r}")
        if args.isa != _backend.ISA or not TORCH_ISA.get(args.isa, {}).items() <= os.environ.items():
            return in_new_process(args)
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
