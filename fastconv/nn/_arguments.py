"""Constructor arguments that several criteria share."""

from typing import Any

from fastconv._arrays import Array, real


def optional_real(criterion: str, name: str, value: Any) -> Array | None:
    """None, or an array of float32 or float64, as it was given: it may change between calls."""
    if value is not None:
        real(criterion, name, value)
    return value  # type: ignore[no-any-return]
