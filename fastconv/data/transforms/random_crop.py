"""Windows of a fixed size."""

import numpy as np

from ..._geometry import Pair, pair
from ...functional._options import word
from ._windows import check_images, padded, windows
from .transform import Images, Targets, Transform

PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


class RandomCrop(Transform):
    """Cuts a window out of each image, at a random place of the padded image.

    ``RandomCrop(32, padding=4)`` with `RandomHorizontalFlip` is what most networks for CIFAR-10 are trained with
    [1]_.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the window.
    padding : int or (int, int)
        Pixels added above and below, and left and right, before.
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
        What is added: zeros, the border pixel, or a mirror image without and with the border pixel.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016, section 4.2.

    Examples
    --------
    >>> images = np.arange(9, dtype=np.uint8).reshape(1, 1, 3, 3)
    >>> RandomCrop(3, padding=1)(images, rng=0)[0, 0]
    array([[3, 4, 5],
           [6, 7, 8],
           [0, 0, 0]], dtype=uint8)
    """

    def __init__(self, size: int | Pair, padding: int | Pair = 0, padding_mode: str = "constant") -> None:
        self.size = pair("RandomCrop", "size", size, 1)
        self.padding = pair("RandomCrop", "padding", padding, 0)
        self.padding_mode = word("RandomCrop", "padding_mode", padding_mode, PADDING_MODES)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return windows, shape `(n, ..., *size)`."""
        check_images("RandomCrop", images)
        larger = padded(images, *self.padding, self.padding_mode)
        room = [whole - part for whole, part in zip(larger.shape[-2:], self.size, strict=True)]
        if min(room) < 0:
            raise ValueError(
                f"RandomCrop: images of {images.shape[-2:]} pixels, padded by {self.padding}, "
                f"are smaller than size {self.size}"
            )
        tops, lefts = (rng.integers(0, most, size=len(images), endpoint=True) for most in room)
        return windows(larger, *self.size, tops, lefts), targets
