"""Squares cut out of images."""

import numpy as np

from ..._geometry import integer
from ._rectangles import painted
from ._windows import check_images
from .transform import Images, Targets, Transform


class Cutout(Transform):
    """Sets a square of each image to zero [1]_.

    The centre is any pixel with the same probability; of a square at the border only the part inside is seen.

    Parameters
    ----------
    size : int
        Side of the square in pixels. (The paper takes 16 for CIFAR-10, 8 for CIFAR-100.)

    See Also
    --------
    RandomErasing : rectangles of random sizes, in some of the images.

    References
    ----------
    .. [1] T. DeVries and G. W. Taylor, *Improved Regularization of Convolutional Neural Networks with Cutout*, 2017,
       https://arxiv.org/abs/1708.04552

    Examples
    --------
    >>> Cutout(2)(np.ones((1, 1, 3, 4)), rng=0)[0, 0]
    array([[1., 1., 1., 1.],
           [1., 0., 0., 1.],
           [1., 0., 0., 1.]])
    """

    def __init__(self, size: int) -> None:
        self.size = integer("Cutout", "size", size, 1)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return a copy of `images`, shape (n, ..., h, w), with squares of zeros."""
        check_images("Cutout", images)
        top, left = (rng.integers(0, side, size=len(images)) - self.size // 2 for side in images.shape[-2:])
        return painted(images, 0.0, top, top + self.size, left, left + self.size), targets
