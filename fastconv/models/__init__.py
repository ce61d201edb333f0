"""Networks that are known by name."""

from .lenet import lenet5

__all__ = ["lenet5"]
