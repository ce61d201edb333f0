"""Changes of a file's bytes that are drawn at random, most of them with zip files in mind."""

import re
from collections.abc import Callable

import numpy as np

_RECORDS = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x06\x06|\x06\x07|\x05\x06)")
_NUMBERS = (0, 1, 2, 3, 8, 0x14, 0x2D, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1,
            2**40, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip

Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]


def _span(size: int, rng: np.random.Generator) -> tuple[int, int]:
    """A part of a file, short ones more often."""
    start = int(rng.integers(size + 1))
    return start, min(size, start + int(2 ** rng.uniform(0, np.log2(size + 1))))


def flipped(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Some bits are wrong."""
    changed = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(len(content), size=rng.integers(1, 65))
    changed[places] ^= (1 << rng.integers(8, size=len(places))).astype(np.uint8)
    return changed.tobytes()


def overwritten(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A part has other bytes: one value, or any."""
    start, stop = _span(len(content), rng)
    kind = rng.integers(3)
    filling = rng.bytes(stop - start) if kind == 2 else (b"\0", b"\xff")[kind] * (stop - start)
    return content[:start] + filling + content[stop:]


def removed(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A part is missing."""
    start, stop = _span(len(content), rng)
    return content[:start] + content[stop:]


def inserted(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A part of this file, or of anything, comes in between."""
    start, stop = _span(len(content), rng)
    new = content[start:stop] if rng.random() < 0.7 else rng.bytes(stop - start)
    place = int(rng.choice([0, len(content), rng.integers(len(content) + 1)]))
    return content[:place] + new + content[place:]


def copied(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A part stands in the place of another one."""
    start, stop = _span(len(content), rng)
    place = int(rng.integers(len(content) + 1))
    return (content[:place] + content[start:stop] + content[place + stop - start :])[: len(content)]


def exchanged(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Two neighbouring parts have changed places."""
    a, b, c = np.sort(rng.integers(len(content) + 1, size=3)).tolist()
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def spliced(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """It begins as one file and ends as another, at the same place or not."""
    cut = int(rng.integers(len(content) + 1))
    return content[:cut] + other[cut if rng.random() < 0.6 else int(rng.integers(len(other) + 1)) :]


def _number(old: int, width: int, rng: np.random.Generator) -> bytes:
    new = old + int(rng.integers(-3, 4)) if rng.random() < 0.3 else int(rng.choice(np.array(_NUMBERS, object)))
    return (new % 2 ** (8 * width)).to_bytes(width, "little")


def field_changed(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A field of a header lies: a size, an offset, a checksum, a method, a count."""
    records = [match.start() for match in _RECORDS.finditer(content)]
    if not records:
        return flipped(content, other, rng)
    width = int(rng.choice([1, 2, 4, 8]))
    place = int(rng.choice(records)) + 2 * int(rng.integers(2, 45))
    old = int.from_bytes(content[place : place + width], "little")
    return content[:place] + _number(old, width, rng) + content[place + width :]


def field_changed_everywhere(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A number lies wherever it stands, so that headers agree with each other."""
    width = int(rng.choice([2, 4, 8]))
    place = int(rng.integers(max(1, len(content) - width)))
    old = content[place : place + width]
    return content.replace(old, _number(int.from_bytes(old, "little"), len(old), rng))


MUTATIONS: tuple[Mutation, ...] = (
    flipped, overwritten, removed, inserted, copied, exchanged, spliced, field_changed, field_changed,
    field_changed_everywhere,
)  # fmt: skip


def mutated(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """One to three changes of a file; parts of `other`, a file of the same kind, may come into it."""
    for _ in range(int(rng.integers(1, 4))):
        content = MUTATIONS[int(rng.integers(len(MUTATIONS)))](content, other, rng) or b"\0"
    return content
