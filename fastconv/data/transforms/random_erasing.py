"""Rectangles erased from images."""

import math
from typing import Any

import numpy as np

from ..._geometry import is_sequence, shown
from ...functional.dropout import probability
from ...optim._hyperparameters import number
from ._rectangles import painted
from ._windows import check_images
from .transform import Images, Targets, Transform

Range = tuple[float, float]


class RandomErasing(Transform):
    """Paints over a rectangle of random size and shape in randomly chosen images [1]_.

    Parameters
    ----------
    p : float
        The probability of an image to be chosen.
    scale : (float, float)
        Smallest and largest area of the rectangle, as a part of the image's.
    ratio : (float, float)
        Smallest and largest height divided by width; the logarithm is uniform. A side that would be longer than the
        image's is cut to it.
    value : float
        What is painted: 0 is black and 1 white, or after `Normalize` in its units.

    References
    ----------
    .. [1] Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang, *Random Erasing Data Augmentation*, AAAI 2020,
       https://arxiv.org/abs/1708.04896

    Examples
    --------
    >>> RandomErasing(p=1, scale=(0.3, 0.3), ratio=(1, 1))(np.ones((1, 1, 4, 5)), rng=0)[0, 0]
    array([[0., 0., 1., 1., 1.],
           [0., 0., 1., 1., 1.],
           [1., 1., 1., 1., 1.],
           [1., 1., 1., 1., 1.]])
    """

    def __init__(
        self, p: float = 0.5, scale: Range = (0.02, 0.33), ratio: Range = (0.3, 3.3), value: float = 0.0
    ) -> None:
        self.p = probability("RandomErasing", p)
        self.scale = _range("scale", scale)
        self.ratio = _range("ratio", ratio)
        self.value = number("RandomErasing", "value", value, -math.inf)
        if self.scale[1] > 1:
            raise ValueError(f"RandomErasing: scale must be at most 1, the whole image, got {shown(scale)}")

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return a copy of `images`, shape (n, ..., h, w), some of them with a rectangle of `value`."""
        check_images("RandomErasing", images)
        count, (height, width) = len(images), images.shape[-2:]
        chosen = rng.random(count) < self.p
        area = rng.uniform(*self.scale, count) * (height * width)
        ratio = np.exp(rng.uniform(math.log(self.ratio[0]), math.log(self.ratio[1]), count))
        tall = np.minimum(np.rint(np.sqrt(area * ratio)), height).astype(np.int64)
        wide = np.minimum(np.rint(np.sqrt(area / ratio)), width).astype(np.int64)
        top = rng.integers(0, height - tall, endpoint=True)
        left = rng.integers(0, width - wide, endpoint=True)
        return painted(images, self.value, top, top + tall * chosen, left, left + wide), targets


def _range(name: str, value: Any) -> Range:
    if not is_sequence(value):
        raise TypeError(f"RandomErasing: {name} must be a pair of numbers, got {shown(value)}")
    if len(value) != 2:
        raise ValueError(f"RandomErasing: {name} must be a pair of numbers, got {len(value)} values: {shown(value)}")
    low, high = (number("RandomErasing", name, end, above=True) for end in value)
    if low > high:
        raise ValueError(f"RandomErasing: {name} must be (smallest, largest), got {shown(value)}")
    return low, high
