"""Random changes of batches, for `DataLoader(transform=...)`, with the names of torchvision."""

from .random_shift import RandomShift
from .transform import Transform

__all__ = ["RandomShift", "Transform"]
