"""Attack the promises: `python -m tests.promises [NAME ...] [--size smoke|full|FRACTION] [--write FILE]`."""

import argparse
import importlib
import os
import pkgutil
import sys
import time

import numpy as np

from . import __path__, supervised, table
from .promise import Promise


def found() -> dict[str, Promise]:
    """Every promise of this package, by name."""
    modules = (
        importlib.import_module(f"{__package__}.{m.name}")
        for m in pkgutil.iter_modules(__path__)
        if m.name != "__main__"
    )
    return {promise.name: promise for module in modules for promise in getattr(module, "PROMISES", ())}


def cases(promise: Promise, size: str) -> int:
    """How many cases this size means: `smoke`, `full`, or a fraction of full such as 0.1."""
    if size == "smoke":
        return promise.smoke
    return promise.full if size == "full" else max(1, round(float(size) * promise.full))


def main() -> int:
    promises = found()
    parser = argparse.ArgumentParser(prog="python -m tests.promises", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(promises) + " (default: all)")
    parser.add_argument("--size", default="smoke", help="smoke (default), full, or a fraction of full")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, help="child processes at a time (default: the CPUs of this process)")
    parser.add_argument("--write", metavar="FILE", help="put what was measured into this table: docs/reliability.md")
    parser.add_argument(
        "--add", action="store_true", help="with --write: add to what stands there, a portion with another seed"
    )
    args = parser.parse_args()
    if unknown := set(args.names) - set(promises):
        parser.error(f"no promise {', '.join(sorted(unknown))}; there are {', '.join(promises)}")
    if args.workers:
        supervised.workers = args.workers
    broken = False
    for name in args.names or promises:
        promise = promises[name]
        start = time.monotonic()
        tally = promise.attack(cases(promise, args.size), np.random.default_rng(args.seed))
        seconds = time.monotonic() - start
        counts = f"tried {tally.tried:,}, faults injected {tally.faults:,}, lost {len(tally.lost)}"
        print(f"{name}: {counts} ({seconds:.0f} s)")
        for line in (*tally.lost[:20], *tally.notes):
            print("   ", line)
        sys.stdout.flush()
        broken |= bool(tally.lost)
        if args.write:
            table.write(args.write, list(promises.values()), promise, tally, seconds, args.seed, args.add)
    return int(broken)


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    sys.exit(main())
