"""Measure what the page on speed shows: `python docs/speed/measure.py`, minutes on a machine with nothing else to do.

Each suite of `fastconv bench` leaves a page beside this file, with the date, the table that it printed and its plot.
"""

import argparse
import io
import sys
from datetime import date
from pathlib import Path

from fastconv import bench
from fastconv.bench.timing import ROUNDS

HERE = Path(__file__).parent
ROWS = {
    "lenet": None,  # all of them
    "layers": (
        "lenet1", "lenet2", "cifar2", "cifar3", "stem", "r18_l1", "r18_l2s", "r18_l4", "r50_a", "dw", "max2", "avg3",
        "sigmoid", "gemm512",
    ),
    "networks": ("lenet-1", "lenet-32", "cifar-1", "cifar-32", "resnet20-1", "resnet20-32"),
}  # fmt: skip
TITLES = {
    "lenet": "The layers of LeNet-5: Cython, NumPy, plain Python, PyTorch",
    "layers": "Single layers of well-known networks, against PyTorch",
    "networks": "Whole networks, against PyTorch and onnxruntime",
}
PAGE = """# {title}

Measured on {date}{remark}.

```{{figure}} {suite}.svg
:alt: How many times as long as fastconv's compiled kernels the others take, row by row.
```

```text
{table}
```
"""
AGAINST = {
    "lenet": ("numpy", "python", "torch"),
    "layers": ("torch",),
    "networks": ("torch", "onnxruntime"),
}


class Tee(io.StringIO):
    """Keep what is printed, and show it too: a suite takes minutes."""

    def write(self, text: str) -> int:
        sys.stdout.write(text)
        return super().write(text)


def measure(suite: str, repeats: int, threads: int, remark: str = "", folder: Path = HERE, **options) -> None:
    """Run a suite, and write its page and plot."""
    table = Tee()
    options = {"rows": ROWS[suite], "against": AGAINST[suite], **options}
    bench.run(suite, repeats=repeats, threads=threads, plot=folder / f"{suite}.svg", stream=table, **options)
    facts = {"date": date.today().isoformat(), "remark": remark and f", {remark}", "table": table.getvalue().rstrip()}
    (folder / f"{suite}.md").write_text(PAGE.format(title=TITLES[suite], suite=suite, **facts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--repeats", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, default=1, help="1 is what a busy machine disturbs least (default)")
    parser.add_argument("--remark", default="", help='what to know of it, such as "on a machine busy with other work"')
    args = parser.parse_args()
    for suite in args.suites:
        measure(suite, args.repeats, args.threads, args.remark)


if __name__ == "__main__":
    main()
