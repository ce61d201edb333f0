"""Changes of batches, for `DataLoader(transform=...)`, with the names of torchvision where it has them."""

from .compose import Compose
from .cutout import Cutout
from .mixup import Mixup
from .normalize import Normalize
from .random_crop import RandomCrop
from .random_erasing import RandomErasing
from .random_horizontal_flip import RandomHorizontalFlip
from .random_shift import RandomShift
from .transform import Transform

__all__ = [
    "Compose",
    "Cutout",
    "Mixup",
    "Normalize",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomShift",
    "Transform",
]
