"""``fastconv report``"""

import argparse
from typing import Any

from .arguments import add_threads, one_line, set_threads

# What `fastconv train` calls the digits that ship with fastconv.
DIGITS = "digits"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("run", metavar="RUN_DIR", help="folder that fastconv train has written (its --out)")
    parser.add_argument("--out", metavar="FILE", help="the page (default: report.html in RUN_DIR)")
    parser.add_argument(
        "--data", metavar="DIR", help="where the test images are now (default: where they were in training)"
    )
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page, and print where it is."""
    import os

    from .._files import atomic_write
    from ..report import MODEL, TEST, Tested, page, read_run, run_model
    from . import network

    def tested() -> Tested:
        images, labels = _test_images(args.data or config.get("data", DIGITS))
        return run_model(model, network.fit_size(images, meta["input_size"]), labels, config.get("class_names"))

    set_threads(args)
    found = read_run(args.run)
    loaded = found.part(MODEL, lambda: network.load(os.path.join(args.run, MODEL)))
    if loaded is not None:
        config = found.config or {}
        model, meta = loaded
        found.model, found.input_shape = model, (1, 1, meta["input_size"], meta["input_size"])
        found.tested = found.part(TEST, tested)
    target = args.out or os.path.join(args.run, "report.html")
    with atomic_write(target) as file:
        file.write(page(found).encode(errors="replace"))  # a name may hold what is no text
    print(one_line(target))
    return 0


def _test_images(name: Any) -> tuple[Any, Any]:
    """Images and labels of the data set that ``config.json`` names."""
    from .. import data

    if not isinstance(name, str):
        raise ValueError(f"the configuration names no data, but {name!r}")
    return (data.digits(32) if name == DIGITS else data.mnist(name))[1]
