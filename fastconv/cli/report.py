"""``fastconv report``"""

import argparse

from .arguments import add_output, add_threads, one_line, set_threads

EXAMPLES = """
fastconv report fastconv-run
fastconv report runs/a --data /new/place/fashion --out a.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("run", metavar="RUN_DIR", help="folder that fastconv train has written (its --out)")
    parser.add_argument("--out", metavar="FILE", help="the page (default: report.html in RUN_DIR)")
    parser.add_argument(
        "--data", metavar="PATH", help="where the test images are now (default: where they were in training)"
    )
    add_output(parser, "print nothing")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page, and print where it is."""
    import os

    from .._files import atomic_write
    from ..report import MODEL, TEST, Tested, page, read_run, run_model
    from . import datasets, network

    def tested() -> Tested:
        name = args.data or config.get("data", datasets.DIGITS)
        if not isinstance(name, str):
            raise ValueError(f"the configuration names no data, but {name!r}")
        split = datasets.for_network(name, MODEL, meta)
        return run_model(model, split.X, split.y, config.get("class_names", split.classes))

    set_threads(args.threads)
    found = read_run(args.run)
    loaded = found.part(MODEL, lambda: network.load(os.path.join(args.run, MODEL)))
    if loaded is not None:
        config = found.config or {}
        model, meta = loaded
        found.model, found.input_shape = model, network.input_shape(meta)
        found.tested = found.part(TEST, tested)
    target = args.out or os.path.join(args.run, "report.html")
    with atomic_write(target) as file:
        file.write(page(found).encode(errors="replace"))  # a name may hold what is no text
    if args.json:
        import json

        print(json.dumps({"file": target, "left_out": found.missing}))
    elif not args.quiet:
        print(one_line(target))
    return 0
