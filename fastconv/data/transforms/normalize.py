"""Channels with mean 0 and standard deviation 1."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._geometry import is_sequence, shown
from ...optim._hyperparameters import number
from .._pixels import WHITE
from .transform import Images, Targets, Transform


class Normalize(Transform):
    r"""Subtracts a mean from each channel and divides by a standard deviation.

    .. math:: y = (x - \mathrm{mean}) / \mathrm{std}

    uint8 images become float32, for which :math:`x` is the byte divided by 255: both in one multiplication and one
    subtraction. Test images need the same.

    Parameters
    ----------
    mean, std : float, or sequence of one float for each channel
        In the units of images in [0, 1]. ``std`` is positive.

    Examples
    --------
    >>> Normalize(0.5, 0.25)(np.array([0, 255], np.uint8).reshape(1, 1, 1, 2)).ravel()
    array([-2.,  2.], dtype=float32)
    >>> Normalize(mean=[0.0, 0.5], std=[1.0, 0.5])(np.ones((1, 2, 1, 1))).ravel()
    array([1., 1.])
    """

    def __init__(self, mean: Any, std: Any) -> None:
        self.mean = _channels("mean", mean, -math.inf)
        self.std = _channels("std", std, 0.0)
        if len({1, len(self.mean), len(self.std)}) > 2:
            raise ValueError(
                "Normalize: mean and std must have as many channels, "
                f"got {len(self.mean)} and {len(self.std)}"
            )

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return normalised images, shape (n, c, ...)."""
        count = max(len(self.mean), len(self.std))
        if images.ndim < 2 or (count > 1 and images.shape[1] != count):
            raise ValueError(f"Normalize: images must have shape (n, {count}, h, w), got {images.shape}")
        kind = np.float32 if images.dtype == np.uint8 else images.dtype
        mean, std = (self._column(values, images.ndim) for values in (self.mean, self.std))
        if images.dtype == np.uint8:
            result = images.astype(np.float32)
            result *= (1 / (std * WHITE)).astype(kind)
            result -= (mean / std).astype(kind)
        else:
            result = images - mean.astype(kind)
            result /= std.astype(kind)
        return result, targets

    def _column(self, values: tuple[float, ...], axes: int) -> NDArray[np.float64]:
        return np.array(values).reshape(-1, *(1,) * (axes - 2))


def _channels(name: str, value: Any, low: float) -> tuple[float, ...]:
    values: Any = value if is_sequence(value) else (value,)
    if isinstance(value, np.ndarray):
        values = value.reshape(-1) if value.ndim < 2 else ()
    if len(values) == 0:
        raise ValueError(f"Normalize: {name} must have a number for each channel, got {shown(value)}")
    # One by one, not by `tolist`, in which NumPy may crash for want of memory.
    items = (item.item() if isinstance(item, np.generic) else item for item in values)
    return tuple(number("Normalize", name, item, low, above=True) for item in items)
