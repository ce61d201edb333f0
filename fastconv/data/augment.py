"""Random changes of training images: calls from a batch to a new batch, for `DataLoader(transform=...)`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._geometry import integer
from ._generator import generator


class RandomShift:
    """Moves each image by random whole numbers of pixels, up or down and sideways; zeros enter at the border.

    Parameters
    ----------
    max_shift : int
        The largest shift; all shifts from ``-max_shift`` to ``max_shift`` are equally likely.
    rng : int, numpy.random.Generator or None

    Examples
    --------
    >>> images = np.ones((2, 1, 3, 3), np.float32)
    >>> RandomShift(1, rng=0)(images).shape
    (2, 1, 3, 3)
    >>> bool((RandomShift(0)(images) == images).all())
    True
    """

    def __init__(self, max_shift: int, rng: int | np.random.Generator | None = None) -> None:
        self.max_shift = integer("RandomShift", "max_shift", max_shift, 0)
        self.rng = generator("RandomShift", rng)

    def __call__(self, images: NDArray[Any]) -> NDArray[Any]:
        """Return a shifted copy of `images`, shape (n, ..., h, w)."""
        if images.ndim < 3:
            raise ValueError(f"RandomShift: images must have shape (n, ..., h, w), got {images.shape}")
        height, width = images.shape[-2:]
        shifts = self.rng.integers(-self.max_shift, self.max_shift, size=(len(images), 2), endpoint=True)
        moved = np.zeros_like(images, order="C")
        for image, result, (down, right) in zip(images, moved, shifts.tolist(), strict=True):
            # A shift beyond the image leaves an empty slice on both sides: the result stays zero.
            result[..., max(down, 0) : max(height + down, 0), max(right, 0) : max(width + right, 0)] = image[
                ..., max(-down, 0) : max(height - down, 0), max(-right, 0) : max(width - right, 0)
            ]
        return moved

    def __repr__(self) -> str:
        return f"RandomShift(max_shift={self.max_shift})"
