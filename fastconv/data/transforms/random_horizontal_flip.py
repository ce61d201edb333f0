"""Images seen in a mirror."""

import numpy as np

from ...functional.dropout import probability
from ._windows import check_images
from .transform import Images, Targets, Transform


class RandomHorizontalFlip(Transform):
    """Exchanges left and right in randomly chosen images.

    Parameters
    ----------
    p : float
        The probability of an image to be chosen.

    Examples
    --------
    >>> images = np.tile([0.0, 1.0, 2.0], (4, 1, 1, 1))
    >>> RandomHorizontalFlip()(images, rng=0)[:, 0, 0].tolist()
    [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [2.0, 1.0, 0.0]]
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = probability("RandomHorizontalFlip", p)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return a copy of `images`, shape (n, ..., h, w), some of them flipped."""
        check_images("RandomHorizontalFlip", images)
        chosen = np.flatnonzero(rng.random(len(images)) < self.p)
        flipped = images.copy()
        flipped[chosen] = images[chosen, ..., ::-1]
        return flipped, targets
