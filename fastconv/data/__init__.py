"""Images to train on: the digits that ship with fastconv, MNIST-format folders, and the loader of batches."""

from .digits import digits
from .idx import read_idx
from .image import read_image
from .loader import DataLoader
from .mnist import mnist
from .resize import resize
from .transforms import RandomShift, Transform

__all__ = ["DataLoader", "RandomShift", "Transform", "digits", "mnist", "read_idx", "read_image", "resize"]
