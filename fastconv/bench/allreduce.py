"""What a sum over many nodes takes, and a training step with it: formulas, without a measurement.

A message of m bytes takes alpha + m beta seconds, and to add one to another m gamma. Over n nodes (R. Thakur,
R. Rabenseifner and W. Gropp, "Optimization of collective communication operations in MPICH", 2005):

    ring                  2 (n - 1) alpha + (n - 1) / n (2 beta + gamma) m
    recursive doubling    log2 n (alpha + (beta + gamma) m)
"""

from collections.abc import Sequence
from math import ceil, log2
from typing import NamedTuple

ALGORITHMS = ("ring", "recursive doubling")


class Link(NamedTuple):
    """A network, and the processors at its ends."""

    alpha: float
    """Seconds of a message without content."""
    beta: float
    """Seconds of a byte."""
    gamma: float = 0.0
    """Seconds to add a byte to another."""


def seconds(algorithm: str, size: int, nodes: int, link: Link) -> float:
    """Of one sum of so many bytes.

    Examples
    --------
    >>> link = Link(alpha=1e-6, beta=1e-9)
    >>> [round(1e6 * seconds(name, 8000, 8, link)) for name in ALGORITHMS]
    [28, 27]
    """
    if nodes == 1:
        return 0.0
    if algorithm == "ring":
        return 2 * (nodes - 1) * link.alpha + (nodes - 1) / nodes * (2 * link.beta + link.gamma) * size
    return ceil(log2(nodes)) * (link.alpha + (link.beta + link.gamma) * size)


class Profile(NamedTuple):
    """A training step as one node does it: in seconds from its start, on the node alone."""

    buckets: list[tuple[int, float]]
    """Bytes of each, and when it can be sent."""
    backward: float
    """When the backward pass has ended."""
    step: float
    """When all is done."""


def step(
    profile: Profile, nodes: int, link: Link, overlap: float = 1.0, algorithms: Sequence[str] = ALGORITHMS
) -> float:
    """Seconds of a step of which the gradients are summed: one bucket after another, each by the fastest algorithm.

    Parameters
    ----------
    profile : Profile
    nodes : int
    link : Link
    overlap : float
        Where sums begin: 1, as soon as the bucket is complete, if the network works by itself; 0, at the end of the
        backward pass, if the processor that computes has to do it.
    algorithms : sequence of str
        Those to choose from.

    Examples
    --------
    >>> profile = Profile(buckets=[(10**6, 0.5), (10**6, 1.0)], backward=1.0, step=1.2)
    >>> [round(step(profile, 2, Link(0.0, 1e-6), overlap), 3) for overlap in (0.0, 1.0)]
    [3.2, 2.7]
    """
    done = 0.0
    for size, ready in profile.buckets:
        begin = max(done, profile.backward - overlap * (profile.backward - ready))
        done = begin + min(seconds(name, size, nodes, link) for name in algorithms)
    return profile.step + max(0.0, done - profile.backward)
