"""No public call ends the interpreter: whatever it is given, it gives a result or says what is wrong."""

from ..promise import Promise
from .attack import attack

PROMISES = [
    Promise(
        "survival",
        "no public call ends the interpreter, or raises anything but TypeError, ValueError, MemoryError or what is "
        "documented: shapes, dtypes, strides, absurd numbers and wrong types, each call in a supervised process",
        25_000,
        1_000_000,
        attack,
    )
]
