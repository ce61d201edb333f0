"""``fastconv bench scaling``: how training scales on up to 1,024 nodes, by the formulas of `allreduce`.

The step of one node is measured, with all that data-parallel training adds to it but the network.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from fastconv import models, nn, optim
from fastconv._arrays import Array
from fastconv.distributed import Communicator, DistributedOptimizer
from fastconv.distributed.communicator import Request, Serial
from fastconv.plot._canvas import save

from . import comparison, figure, table, written
from .allreduce import ALGORITHMS, Link, Profile
from .allreduce import step as predicted
from .task import normals

NODES = tuple(2**i for i in range(1, 11))
# Latencies between processes of MPI: of TCP over Ethernet, and of InfiniBand or RoCE.
LINKS = {"10 Gbit/s": (25e-6, 8 / 10e9), "100 Gbit/s": (2e-6, 8 / 100e9)}


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
    """Training steps of a network on the same batch; each says when its backward pass had ended, and when all was."""

    def __init__(self, case: Case, images: int, communicator: Communicator) -> None:
        self._model, self._criterion = case.make(), nn.CrossEntropyLoss()
        self._optimizer = DistributedOptimizer(optim.Momentum(self._model.parameters(), lr=1e-3), communicator)
        self._x = normals(images, *case.input[1:])
        self._target = np.arange(images) % 10

    def __call__(self) -> tuple[float, float]:
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
    own = Profile([], *steps())
    own.buckets.extend((size, at - start) for size, at in rehearsal.sent)
    everyone: list[Profile] = ranks.allgather_object(own)
    return max(everyone, key=lambda profile: profile.step)


def middle(profiles: Sequence[Profile]) -> Profile:
    """The one of median length."""
    return sorted(profiles, key=lambda profile: profile.step)[len(profiles) // 2]


def adding() -> float:
    """Seconds to add one byte to another."""
    a, b, times = np.zeros(2**20, np.float32), np.zeros(2**20, np.float32), []
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
    written.check("json", args.json, ("json",))
    written.check("plot", args.plot, figure.FORMATS)
    if args.plot is not None:
        figure.matplotlib()
    set_threads(args.threads)
    facts, gamma, rows = comparison.machine({}), adding(), []
    print(table.header(facts))
    for name in args.networks or CASES:
        rows.append(row_of(name, 2 if args.quick else CASES[name].input[0], gamma, args.repeats))
        print("", *lines(rows[-1]), sep="\n", flush=True)
    if args.json is not None:
        written.json_file(args.json, {"version": 1, "machine": facts, "rows": rows})
    if args.plot is not None:
        draw(args.plot, rows, facts)
    return 0


def row_of(name: str, images: int, gamma: float, repeats: int) -> dict[str, Any]:
    """The efficiency on many nodes that each have so many images: the step of one node over that of n."""
    rehearsal = Rehearsal()
    steps = Steps(CASES[name], images, rehearsal)
    for _ in range(2):  # layers are recorded in the second step
        steps()
    profile = middle([profile_of(steps, rehearsal, Serial()) for _ in range(repeats)])
    return {
        "network": name,
        "images": images,
        "seconds": profile.step,
        "bytes": sum(size for size, _ in profile.buckets),
        "efficiency": {
            f"{link}, {algorithm}": [
                profile.step / predicted(profile, nodes, Link(*numbers, gamma), 1.0, [algorithm]) for nodes in NODES
            ]
            for link, numbers in LINKS.items()
            for algorithm in ALGORITHMS
        },
    }


def _title(row: dict[str, Any]) -> str:
    return (
        f"{row['network']}, {row['images']} images a node, {1e3 * row['seconds']:.1f} ms, "
        f"{row['bytes'] / 1e6:.2f} MB of gradients"
    )


def lines(row: dict[str, Any]) -> list[str]:
    """A row as text."""
    shares = row["efficiency"].items()
    return [
        _title(row),
        f"{'efficiency on so many nodes':30}" + "".join(f"{nodes:>7}" for nodes in NODES),
        *(f"{name:30}" + "".join(f"{value:7.1%}" for value in values) for name, values in shares),
    ]


def draw(path: Any, rows: Sequence[dict[str, Any]], facts: dict[str, Any]) -> None:
    """Draw efficiency against nodes."""
    picture = figure.matplotlib().Figure(figsize=(12, 3.6), layout="constrained")
    for axes, row in zip(np.ravel(picture.subplots(1, len(rows), sharey=True)), rows, strict=True):
        axes.set_title(_title(row), fontsize=8)
        for name, values in row["efficiency"].items():
            axes.plot(NODES, [100 * value for value in values], marker=".", label=name)
        axes.set_xscale("log", base=2)
        axes.set_xlabel("nodes")
        axes.set_ylim(0, 102)
        axes.grid(alpha=0.3)
    picture.axes[0].set_ylabel("efficiency, %")
    picture.axes[0].legend(fontsize=7)
    picture.suptitle(f"{facts['cpu']}, threads: {facts['threads']}", fontsize=9)
    save("bench", picture, path)
