"""Measure how ranks of one machine train together, and hold it against what the formulas predict.

    FASTCONV_NUM_THREADS=1 mpiexec -n 2 python docs/scaling/measure.py [--json FILE] [--repeats N] [NETWORK ...]

Sums of 1 KB to 16 MB over all ranks are measured, and a link is fitted to them. Then each network is trained in turns
by one rank alone, by all ranks that compute at the same time but do not send, and by all ranks together. Predicted is a
step of the last kind, from one of the second and the link, on which nothing is done while processors compute.
"""

import argparse
import json
import time
from statistics import median

import numpy as np

from fastconv.bench.allreduce import Link, seconds
from fastconv.bench.allreduce import step as predicted
from fastconv.bench.scaling import CASES, Rehearsal, Steps, middle, profile_of
from fastconv.distributed import init
from fastconv.distributed.communicator import Serial

SIZES = tuple(4**i for i in range(5, 13))
ALGORITHM = "recursive doubling"


def sums(ranks, repeats):
    """Seconds of a sum over the ranks, by its bytes."""
    found = {}
    for size in SIZES:
        array, times = np.zeros(size // 4, np.float32), []
        for _ in range(4 * repeats + 1):
            ranks.barrier()
            start = time.perf_counter()
            ranks.iallreduce(array).Wait()
            times.append(max(ranks.allgather_object(time.perf_counter() - start)))
        found[size] = median(times[1:])
    return found


def fitted(found, nodes):
    """The link whose formula is nearest to what was measured, relatively."""
    times = np.array(list(found.values()))
    units = (Link(1.0, 0.0), Link(0.0, 1.0))
    terms = np.array([[seconds(ALGORITHM, size, nodes, unit) for unit in units] for size in found])
    alpha, beta = np.linalg.lstsq(terms / times[:, None], np.ones(len(times)), rcond=None)[0]
    return Link(max(float(alpha), 0.0), max(float(beta), 0.0))


def measured(case, images, ranks, link, repeats):
    """One network: predicted and measured, in seconds; efficiencies as shares."""
    rehearsal = Rehearsal()
    alone, apart, together = (Steps(case, images, group) for group in (Serial(), rehearsal, ranks))
    parts = Steps(case, max(images // ranks.size, 1), ranks)
    single, profiles, whole, strong = [], [], [], []

    def slowest(steps):
        ranks.barrier()
        return max(ranks.allgather_object(steps()[1]))

    for i in range(repeats + 2):  # layers are recorded in the second step
        ranks.barrier()
        own = max(ranks.allgather_object(alone()[1] if ranks.rank == 0 else 0.0))
        row = own, profile_of(apart, rehearsal, ranks), slowest(together), slowest(parts)
        if i > 1:
            for values, value in zip((single, profiles, whole, strong), row, strict=True):
                values.append(value)
    profile, one, real = middle(profiles), median(single), median(whole)
    cost = sum(seconds(ALGORITHM, size, ranks.size, link) for size, _ in profile.buckets)
    guess = predicted(profile, ranks.size, link, 0.0, [ALGORITHM])
    return {
        "bytes": sum(size for size, _ in profile.buckets),
        "alone": one,
        "beside others": profile.step,
        "sums": cost,
        "predicted": guess,
        "measured": real,
        "predicted / measured": guess / real,
        "overlap": 1 - (real - profile.step) / cost,
        "weak scaling": one / real,
        "strong scaling": one / (median(strong) * ranks.size),
    }


def main():
    """Measure, and print on rank 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(CASES)} (default: all)")
    parser.add_argument("--images", type=int, help="a rank and step (default: those of fastconv bench scaling)")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json")
    args = parser.parse_args()
    ranks = init()
    found = sums(ranks, args.repeats)
    link = fitted(found, ranks.size)
    rows = {}
    for name in args.networks or CASES:
        images = args.images or CASES[name].input[0]
        rows[name] = {"images": images, **measured(CASES[name], images, ranks, link, args.repeats)}
    if ranks.rank > 0:
        return
    for size, taken in found.items():
        fit = seconds(ALGORITHM, size, ranks.size, link)
        print(f"{size:>10} bytes {1e6 * taken:12.1f} us, fitted {1e6 * fit:12.1f}")
    print(f"alpha {1e6 * link.alpha:.2f} us, beta {1e9 * link.beta:.3f} ns a byte")
    for name, row in rows.items():
        print(name, *(f"{key} {value:.5g}" for key, value in row.items()), sep="\n    ")
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"ranks": ranks.size, "link": link._asdict(), "sums": found, "networks": rows}, file, indent=1)


if __name__ == "__main__":
    main()
