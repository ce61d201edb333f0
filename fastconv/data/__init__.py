"""Images to train on: data sets, readers of files and folders, transforms, and the loader of batches."""

from .cifar import cifar10, cifar100
from .digits import digits
from .emnist import emnist
from .fashion_mnist import fashion_mnist
from .idx import read_idx
from .image import read_image
from .image_folder import image_folder
from .kmnist import kmnist
from .loader import DataLoader
from .mnist import mnist
from .npz import read_npz
from .resize import resize
from .split import Split
from .train_test_split import train_test_split
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
    "Split",
    "Transform",
    "cifar10",
    "cifar100",
    "digits",
    "emnist",
    "fashion_mnist",
    "image_folder",
    "kmnist",
    "mnist",
    "read_idx",
    "read_image",
    "read_npz",
    "resize",
    "train_test_split",
]
