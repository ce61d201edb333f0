"""``fastconv bench scaling``: how training scales, on paper for up to 1,024 nodes, and measured on ranks of MPI.

The step of one node is measured here, with all that data-parallel training adds but the network; formulas of
`allreduce` add that. Under ``mpiexec``, sums of many sizes are measured, a link is fitted to them, and what is
predicted for the ranks is held against steps that they do.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from fastconv import models, nn, optim
from fastconv._arrays import Array
from fastconv.distributed import Communicator, DistributedOptimizer, failing_together, init
from fastconv.distributed.communicator import Request, Serial
from fastconv.plot._canvas import save

from . import comparison, figure, table, written
from .allreduce import Link, Profile, seconds
from .allreduce import step as predicted
from .task import normals

NODES = tuple(2**i for i in range(1, 11))
# Latencies between processes of MPI: of TCP over Ethernet, and of InfiniBand or RoCE.
LINKS = {"10 Gbit/s": (25e-6, 8 / 10e9), "100 Gbit/s": (2e-6, 8 / 100e9)}
SIZES = tuple(4**i for i in range(5, 13))
"""Bytes of the sums that are measured: 1 KB to 16 MB."""


class Case(NamedTuple):
    """A network, and what a node computes in a step."""

    make: Callable[[], nn.Module]
    input: tuple[int, ...]


CASES = {
    "lenet5": Case(lambda: models.lenet5(rng=0), (32, 1, 32, 32)),
    "resnet18": Case(lambda: models.resnet18(rng=0), (8, 3, 224, 224)),
    "mobilenet_v2": Case(lambda: models.mobilenet_v2(rng=0), (8, 3, 224, 224)),
}


class Rehearsal(Serial):
    """Two ranks, of which the other has nothing to say: all that is done for it is done, but the network."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 2
        self.sent: list[tuple[int, float]] = []

    def iallreduce(self, array: Array) -> Request:
        """Note when."""
        self.sent.append((array.nbytes, time.perf_counter()))
        return super().iallreduce(array)


class Steps:
    """Training steps of a network on the same batch."""

    def __init__(self, case: Case, images: int, communicator: Communicator) -> None:
        self.communicator = communicator
        self._model, self._criterion = case.make(), nn.CrossEntropyLoss()
        self._optimizer = DistributedOptimizer(optim.Momentum(self._model.parameters(), lr=1e-3), communicator)
        self._x = normals(images, *case.input[1:])
        self._target = np.arange(images) % 10

    def __call__(self) -> tuple[float, float]:
        """One step: when its backward pass had ended, and when all was done."""
        start = time.perf_counter()
        self._criterion(self._model(self._x), self._target)
        self._optimizer.zero_grad()
        self._model.backward(self._criterion.backward(), input_grad=False)
        backward = time.perf_counter() - start
        self._optimizer.step()
        return backward, time.perf_counter() - start


def profile_of(steps: Steps, rehearsal: Rehearsal, ranks: Communicator) -> Profile:
    """One step, of the slowest of the ranks that do it at the same time."""
    rehearsal.sent.clear()
    ranks.barrier()
    start = time.perf_counter()
    backward, step = steps()
    own = Profile([(size, at - start) for size, at in rehearsal.sent], backward, step)
    everyone: list[Profile] = ranks.allgather_object(own)
    return max(everyone, key=lambda profile: profile.step)


def middle(profiles: Sequence[Profile]) -> Profile:
    """The one of median length."""
    return sorted(profiles, key=lambda profile: profile.step)[len(profiles) // 2]


def sums(ranks: Communicator, repeats: int) -> dict[int, float]:
    """Seconds of a sum over the ranks, by its bytes."""
    found = {}
    for size in SIZES:
        array = np.zeros(size // 4, np.float32)
        times = []
        for _ in range(4 * repeats + 1):
            ranks.barrier()
            start = time.perf_counter()
            ranks.iallreduce(array).Wait()
            times.append(max(ranks.allgather_object(time.perf_counter() - start)))
        found[size] = median(times[1:])
    return found


def fitted(found: dict[int, float], nodes: int) -> Link:
    """The link with which the formula of recursive doubling is nearest to what was measured, relatively."""
    times = np.array(list(found.values()))
    units = (Link(1.0, 0.0), Link(0.0, 1.0))
    terms = np.array([[seconds("recursive doubling", size, nodes, unit) for unit in units] for size in found])
    alpha, beta = np.linalg.lstsq(terms / times[:, None], np.ones(len(times)), rcond=None)[0]
    return Link(max(float(alpha), 0.0), max(float(beta), 0.0))


def adding() -> float:
    """Seconds to add one byte to another."""
    a, b = np.zeros(2**20, np.float32), np.zeros(2**20, np.float32)
    times = []
    for _ in range(9):
        start = time.perf_counter()
        np.add(a, b, out=a)
        times.append(time.perf_counter() - start)
    return median(times) / a.nbytes


def main(args: argparse.Namespace) -> int:
    """Measure, print, write the files that were asked for."""
    from fastconv.cli.arguments import set_threads

    if args.rows is not None or args.against is not None:
        raise ValueError("bench: rows and against do not go with scaling, which takes --networks")
    for name in args.networks or ():
        if name not in CASES:
            raise ValueError(f"bench: networks must be among {', '.join(CASES)}, got {name!r}")
    set_threads(args.threads)
    with failing_together(init()):
        run(args.networks, args.json, args.plot, args.repeats, args.quick)
    return 0


def run(networks: Sequence[str] | None, json: Any, plot: Any, repeats: int, quick: bool) -> dict[str, Any]:
    """See ``fastconv bench scaling``; the report that ``--json`` writes."""
    ranks = init()
    written.check("json", json, ("json",))
    if plot is not None:
        written.check("plot", plot, figure.FORMATS)
        figure.matplotlib()
    first = ranks.rank == 0
    facts, gamma = comparison.machine({}), adding()
    rows: list[dict[str, Any]] = []
    found = sums(ranks, repeats) if ranks.size > 1 else {}
    link = fitted(found, ranks.size) if found else None
    if first:
        print(table.header(facts), end="\n\n")
    for name in networks or CASES:
        case = CASES[name]
        images = 2 if quick else case.input[0]
        row = on_ranks(case, images, ranks, link, repeats) if link else on_paper(case, images, gamma, repeats)
        rows.append({"network": name, "images": images, **row})
        if first:
            print(*lines(rows[-1]), sep="\n", end="\n\n", flush=True)
    report = {
        "version": 1,
        "machine": facts,
        "ranks": ranks.size,
        "sums": [{"bytes": size, "seconds": taken} for size, taken in found.items()],
        "link": None if link is None else link._asdict(),
        "rows": rows,
    }
    if first and link is not None:
        print("bytes of a sum", *(f"{size:>10}" for size in found))
        print("microseconds  ", *(f"{1e6 * taken:10.1f}" for taken in found.values()))
        print(f"link: alpha {1e6 * link.alpha:.1f} us, beta {1e9 * link.beta:.3f} ns a byte")
    if first and json is not None:
        written.json_file(json, report)
    if first and plot is not None:
        draw(plot, rows, facts)
    return report


def on_paper(case: Case, images: int, gamma: float, repeats: int) -> dict[str, Any]:
    """The efficiency on many nodes that each have so many images: the step of one node over that of n."""
    ranks, rehearsal = Serial(), Rehearsal()
    steps = Steps(case, images, rehearsal)
    for _ in range(2):
        steps()
    profile = middle([profile_of(steps, rehearsal, ranks) for _ in range(repeats)])
    links = {name: Link(*numbers, gamma) for name, numbers in LINKS.items()}
    return {
        "step": profile.step,
        "bytes": sum(size for size, _ in profile.buckets),
        "efficiency": {
            f"{name}, {algorithm}": {
                str(nodes): profile.step / predicted(profile, nodes, link, algorithms=[algorithm]) for nodes in NODES
            }
            for name, link in links.items()
            for algorithm in ("ring", "recursive doubling")
        },
    }


def on_ranks(case: Case, images: int, ranks: Communicator, link: Link, repeats: int) -> dict[str, Any]:
    """Predicted and measured: the step of ranks of one machine, which compute and send with the same processors."""
    rehearsal = Rehearsal()
    alone, apart, together = (Steps(case, images, group) for group in (Serial(), rehearsal, ranks))
    parts = Steps(case, max(images // ranks.size, 1), ranks)
    profiles, measured, strong, one = [], [], [], []
    for i in range(repeats + 2):  # layers are recorded in the second step
        ranks.barrier()
        single = alone()[1] if ranks.rank == 0 else 0.0
        single = max(ranks.allgather_object(single))
        profile = profile_of(apart, rehearsal, ranks)
        times = []
        for steps in (together, parts):
            ranks.barrier()
            times.append(max(ranks.allgather_object(steps()[1])))
        if i > 1:
            profiles.append(profile)
            one.append(single)
            measured.append(times[0])
            strong.append(times[1])
    profile, real, single = middle(profiles), median(measured), median(one)
    size = sum(size for size, _ in profile.buckets)
    cost = sum(seconds("recursive doubling", size, ranks.size, link) for size, _ in profile.buckets)
    guess = predicted(profile, ranks.size, link, 0.0, ["recursive doubling"])
    return {
        "bytes": size,
        "alone": single,
        "step": profile.step,
        "sums": cost,
        "predicted": guess,
        "measured": real,
        "ratio": guess / real,
        "overlap": 1 - (real - profile.step) / cost,
        "weak": single / real,
        "strong": single / (median(strong) * ranks.size),
    }


def lines(row: dict[str, Any]) -> list[str]:
    """A row as text."""
    title = f"{row['network']}, {row['images']} images a node, {row['bytes'] / 1e6:.2f} MB of gradients"
    if "efficiency" in row:
        head = [f"{title}: {1e3 * row['step']:.1f} ms a step", f"{'nodes':30}" + "".join(f"{n:>7}" for n in NODES)]
        return head + [
            f"{name:30}" + "".join(f"{share:7.1%}" for share in shares.values())
            for name, shares in row["efficiency"].items()
        ]
    return [
        f"{title}: {1e3 * row['alone']:.1f} ms a step alone, {1e3 * row['step']:.1f} beside others",
        f"with sums {1e3 * row['predicted']:.1f} ms predicted, {1e3 * row['measured']:.1f} measured: "
        f"{row['ratio']:.3f}; sums {1e3 * row['sums']:.2f} ms, of which {row['overlap']:.0%} behind the computation",
        f"efficiency: weak {row['weak']:.1%}, strong {row['strong']:.1%}",
    ]


def draw(path: Any, rows: Sequence[dict[str, Any]], facts: dict[str, Any]) -> None:
    """Draw efficiency against nodes, or against networks what was predicted and measured."""
    picture = figure.matplotlib().Figure(figsize=(10, 3.6), layout="constrained")
    for axes, row in zip(np.ravel(picture.subplots(1, len(rows), sharey="efficiency" in rows[0])), rows, strict=True):
        axes.set_title(f"{row['network']}, {row['images']} images a node", fontsize=9)
        if "efficiency" not in row:
            names = ("alone", "step", "predicted", "measured")
            axes.bar(names, [1e3 * row[name] for name in names])
            axes.set_ylabel("ms a step")
            continue
        for name, shares in row["efficiency"].items():
            axes.plot(NODES, [100 * share for share in shares.values()], marker=".", label=name)
        axes.set_xscale("log", base=2)
        axes.set_xlabel("nodes")
        axes.set_ylim(0, 102)
        axes.grid(alpha=0.3)
    if "efficiency" in rows[0]:
        picture.axes[0].set_ylabel("efficiency, %")
        picture.axes[0].legend(fontsize=7)
    picture.suptitle(f"{facts['cpu']}, threads: {facts['threads']}", fontsize=9)
    save("bench", picture, path)
