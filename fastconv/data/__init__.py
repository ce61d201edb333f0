"""Images to train on: data sets, readers of files and folders, transforms, and the loader of batches."""

from .digits import digits
from .idx import read_idx
from .image import read_image
from .loader import DataLoader
from .mnist import mnist
from .resize import resize
from .transforms import (
    Compose,
    Cutout,
    Mixup,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomShift,
    Transform,
)

__all__ = [
    "Compose",
    "Cutout",
    "DataLoader",
    "Mixup",
    "Normalize",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomShift",
    "Transform",
    "digits",
    "mnist",
    "read_idx",
    "read_image",
    "resize",
]
