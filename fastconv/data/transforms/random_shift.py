"""Images moved by whole pixels."""

import numpy as np

from ..._geometry import integer
from .transform import Images, Targets, Transform


class RandomShift(Transform):
    """Moves each image by random whole numbers of pixels, up or down and sideways; zeros enter at the border.

    Parameters
    ----------
    max_shift : int
        The largest shift; all shifts from ``-max_shift`` to ``max_shift`` are equally likely.

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
        if images.ndim < 3:
            raise ValueError(f"RandomShift: images must have shape (n, ..., h, w), got {images.shape}")
        height, width = images.shape[-2:]
        shifts = rng.integers(-self.max_shift, self.max_shift, size=(len(images), 2), endpoint=True)
        moved = np.zeros_like(images, order="C")
        for image, result, (down, right) in zip(images, moved, shifts.tolist(), strict=True):
            # A shift beyond the image leaves an empty slice on both sides: the result stays zero.
            result[..., max(down, 0) : max(height + down, 0), max(right, 0) : max(width + right, 0)] = image[
                ..., max(-down, 0) : max(height - down, 0), max(-right, 0) : max(width - right, 0)
            ]
        return moved, targets
