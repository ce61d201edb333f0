"""Mixtures of two images and their labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._geometry import integer
from ...optim._hyperparameters import number
from .._labels import check_labels
from .._pixels import as_floats
from .transform import Images, Targets, Transform


class Mixup(Transform):
    r"""Mixes each image with another one of the batch, and the labels alike [1]_.

    .. math:: x' = \lambda x + (1 - \lambda) x_j, \qquad t' = \lambda t + (1 - \lambda) t_j

    with one :math:`\lambda` from the distribution :math:`\mathrm{Beta}(\alpha, \alpha)` for the batch, and the images
    :math:`j` in random order. Labels become probabilities, which `nn.CrossEntropyLoss` takes; an accuracy measured
    on such batches counts the larger part.

    Parameters
    ----------
    num_classes : int
    alpha : float
        Positive; the smaller, the nearer are mixtures to one of their images. (The paper takes 0.2 for ImageNet and 1
        for CIFAR-10.)

    References
    ----------
    .. [1] H. Zhang, M. Cisse, Y. N. Dauphin and D. Lopez-Paz, *mixup: Beyond Empirical Risk Minimization*, ICLR 2018,
       https://arxiv.org/abs/1710.09412

    Examples
    --------
    >>> images = np.array([0.0, 1.0]).reshape(2, 1, 1, 1)
    >>> mixed, probabilities = Mixup(2)(images, np.array([0, 1]), rng=1)
    >>> bool(np.allclose(mixed.ravel(), probabilities[:, 1]))
    True
    """

    def __init__(self, num_classes: int, alpha: float = 1.0) -> None:
        self.num_classes = integer("Mixup", "num_classes", num_classes, 1)
        self.alpha = number("Mixup", "alpha", alpha, above=True)

    def apply(
        self, images: Images, targets: Targets | None, rng: np.random.Generator
    ) -> tuple[Images, Targets | None]:
        """Return mixed images, floating-point, and probabilities of their dtype, shape (n, num_classes)."""
        if targets is None:
            raise ValueError("Mixup: targets must be given, they are mixed as the images are")
        part = rng.beta(self.alpha, self.alpha)
        other = rng.permutation(len(images))
        images = as_floats(images)
        probabilities = self._probabilities(np.asarray(targets), images.dtype)
        return _mixed(images, other, part), _mixed(probabilities, other, part)

    def _probabilities(self, targets: Targets, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Class ids as one-hot vectors; probabilities as they are."""
        if targets.dtype.kind in "iu" and targets.ndim == 1:
            check_labels("Mixup: targets", targets, 0, self.num_classes)
            return np.eye(self.num_classes, dtype=dtype)[targets]
        if targets.dtype.kind == "f" and targets.ndim == 2 and targets.shape[1] == self.num_classes:
            return targets.astype(dtype)
        raise ValueError(
            f"Mixup: targets must be class ids of shape (n,) or probabilities of shape (n, {self.num_classes}), "
            f"got {targets.dtype} of shape {targets.shape}"
        )


def _mixed(values: NDArray[Any], other: NDArray[np.int64], part: float) -> NDArray[Any]:
    kind = values.dtype.type
    mixed: NDArray[Any] = values * kind(part)
    mixed += values[other] * kind(1 - part)
    return mixed
