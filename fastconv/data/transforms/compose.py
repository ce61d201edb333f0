"""Several changes in a row."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._geometry import is_sequence, shown
from .._pixels import as_floats
from .transform import Images, Targets, Transform


class Compose(Transform):
    """Applies transforms one after the other.

    Parameters
    ----------
    transforms : sequence of Transform or other callables
        A callable that is no `Transform` gets the images alone, as floats, and returns new ones.

    Examples
    --------
    >>> from fastconv.data import Compose, Normalize, RandomCrop, RandomHorizontalFlip
    >>> transform = Compose([RandomCrop(32, padding=4), RandomHorizontalFlip(), Normalize(0.5, 0.25)])
    >>> images = transform(np.zeros((8, 3, 32, 32), np.uint8), rng=0)
    >>> images.shape, images.dtype.name, float(images.max())
    ((8, 3, 32, 32), 'float32', -2.0)
    """

    def __init__(self, transforms: Sequence[Transform | Callable[[NDArray[Any]], NDArray[Any]]]) -> None:
        if not is_sequence(transforms) or not all(map(callable, transforms)):
            raise TypeError(f"Compose: transforms must be a sequence of callables, got {shown(transforms)}")
        self.transforms = list(transforms)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return what the last transform makes of it."""
        for transform in self.transforms:
            if isinstance(transform, Transform):
                images, targets = transform.apply(images, targets, rng)
            else:
                images = transform(as_floats(images))
        return images, targets
