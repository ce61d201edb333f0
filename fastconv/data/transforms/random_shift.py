"""Images moved by whole pixels."""

import numpy as np

from ..._geometry import integer
from ._windows import check_images, padded, windows
from .transform import Images, Targets, Transform


class RandomShift(Transform):
    """Moves each image by random whole numbers of pixels, up or down and sideways; zeros enter at the border.

    Parameters
    ----------
    max_shift : int
        The largest shift; all shifts from ``-max_shift`` to ``max_shift`` are equally likely.

    See Also
    --------
    RandomCrop : the same with ``padding=max_shift`` and the size of the images, with other sizes and borders too.

    Examples
    --------
    >>> images = np.ones((2, 1, 3, 3), np.float32)
    >>> RandomShift(1)(images, rng=0).shape
    (2, 1, 3, 3)
    >>> bool((RandomShift(0)(images) == images).all())
    True
    """

    def __init__(self, max_shift: int) -> None:
        self.max_shift = integer("RandomShift", "max_shift", max_shift, 0)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return shifted copies of `images`, shape (n, ..., h, w)."""
        check_images("RandomShift", images)
        height, width = images.shape[-2:]
        down, right = rng.integers(-self.max_shift, self.max_shift, size=(2, len(images)), endpoint=True)
        # A shift by the whole image leaves nothing of it, as a larger one does.
        rows, columns = min(self.max_shift, height), min(self.max_shift, width)
        tops, lefts = rows - np.clip(down, -rows, rows), columns - np.clip(right, -columns, columns)
        return windows(padded(images, rows, columns), height, width, tops, lefts), targets
