"""Places in memory for the values of a pass."""

from collections.abc import Callable, Iterable
from typing import Any

from .value import Value

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments; values among them stand for arrays."""

LINE = 64
"""Places begin at a cache line."""


def lay_out(calls: Iterable[Call]) -> tuple[dict[Value, int], int]:
    """Offsets of values that are not slots, and the bytes that they take together.

    A place is free again behind the last call that uses its value, unless that is pinned. Of the free places the last
    one given back goes first, as it is in a cache.
    """
    calls = list(calls)
    last: dict[Value, int] = {}
    for i, (_, args) in enumerate(calls):
        for value in _roots(args):
            last[value] = i
    offsets: dict[Value, int] = {}
    free: list[tuple[int, int]] = []  # offset and size
    end = 0
    for i, (_, args) in enumerate(calls):
        roots = list(dict.fromkeys(_roots(args)))
        inherited = None
        for value in roots:
            if value in offsets:
                continue
            below = None if value.over is None else value.over.root
            size = -(-value.nbytes // LINE) * LINE
            if (
                below is not None
                and last.get(below) == i
                and below in offsets
                and not below.pinned
                and below.nbytes == value.nbytes
            ):
                offsets[value], inherited = offsets[below], below
                continue
            place = next((place for place in reversed(free) if place[1] >= size), None)
            if place is None:
                offsets[value], end = end, end + size
            else:
                free.remove(place)
                offsets[value] = place[0]
                if place[1] > size:
                    free.append((place[0] + size, place[1] - size))
        for value in roots:
            if last[value] == i and not value.pinned and value is not inherited:
                free = _joined(free, offsets[value], -(-value.nbytes // LINE) * LINE)
    return offsets, end


def _roots(args: Iterable[Any]) -> Iterable[Value]:
    """The values among arguments that have places."""
    return (arg.root for arg in args if type(arg) is Value and not arg.root.slot)


def _joined(free: list[tuple[int, int]], offset: int, size: int) -> list[tuple[int, int]]:
    """The free places with one more, joined with its neighbours."""
    apart = []
    for place in free:
        if place[0] + place[1] == offset:
            offset, size = place[0], place[1] + size
        elif offset + size == place[0]:
            size += place[1]
        else:
            apart.append(place)
    return [*apart, (offset, size)]
