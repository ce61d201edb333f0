"""What a random change of a batch is."""

from abc import ABC, abstractmethod
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from ..._generator import generator

Images: TypeAlias = NDArray[Any]
Targets: TypeAlias = NDArray[Any]


class Transform(ABC):
    """A change of a whole batch of images, random or not: the base class of all transforms here.

    A transform holds no state: what it draws comes from the generator that it is given, so that the same
    generator gives the same batch. `DataLoader` gives it one of its own for each batch.

    Subclasses write `apply`.

    Examples
    --------
    >>> class RandomInvert(Transform):
    ...     def apply(self, images, targets, rng):
    ...         chosen = rng.random(len(images)) < 0.5
    ...         return np.where(chosen[:, None, None, None], 1 - images, images), targets
    >>> RandomInvert()(np.zeros((4, 1, 1, 1)), rng=0).ravel()
    array([0., 1., 1., 1.])
    """

    @abstractmethod
    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return the changed batch, in new arrays where it changes.

        Parameters
        ----------
        images : ndarray, shape (n, c, h, w)
            uint8 as stored, or floating-point numbers.
        targets : ndarray, shape (n, ...), or None
        rng : numpy.random.Generator
            The only source of random numbers.
        """

    @overload
    def __call__(self, images: Images, *, rng: int | np.random.Generator | None = None) -> Images: ...
    @overload
    def __call__(
        self, images: Images, targets: Targets, *, rng: int | np.random.Generator | None = None
    ) -> tuple[Images, Targets]: ...

    def __call__(
        self, images: Images, targets: Targets | None = None, *, rng: int | np.random.Generator | None = None
    ) -> Any:
        """Return changed images or, if `targets` are given, changed images and targets.

        Raises
        ------
        TypeError
            `images` is no array of uint8, float32 or float64.
        ValueError
            There are not as many targets as images, or the transform cannot be made of them.
        """
        name = type(self).__name__
        if not isinstance(images, np.ndarray):
            raise TypeError(f"{name}: images must be an array, got {type(images).__name__}")
        if images.dtype.type not in (np.uint8, np.float32, np.float64):
            raise TypeError(f"{name}: images must be uint8, float32 or float64, got {images.dtype}")
        if targets is not None and np.shape(targets)[:1] != images.shape[:1]:
            raise ValueError(
                f"{name}: targets must be as many as images, got shapes {np.shape(targets)} and {images.shape}"
            )
        changed = self.apply(images, targets, generator(name, rng))
        return changed[0] if targets is None else changed

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({options})"
