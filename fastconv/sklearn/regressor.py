"""A regressor."""

import math
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d

from fastconv import functional as F
from fastconv._arrays import Array

from ._estimator import ConvNet


class ConvNetRegressor(RegressorMixin, ConvNet):
    """A convolutional network that tells numbers from images, trained on half of the squared error.

    Of several targets the errors are averaged. Parameters, attributes and notes are those of `ConvNetClassifier`,
    without its classes: `model` is called with the shape of the images and the number of targets, validation scores
    are R². Targets are best scaled too, as by ``sklearn.compose.TransformedTargetRegressor``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.sklearn import ConvNetRegressor
    >>> rng = np.random.default_rng(0)
    >>> images = rng.uniform(size=(400, 1, 1)) * rng.uniform(size=(400, 6, 6))
    >>> brightness = images.mean(axis=(1, 2))
    >>> regressor = ConvNetRegressor(random_state=0)
    >>> regressor.fit(images[:300], brightness[:300]).score(images[300:], brightness[300:]) > 0.9
    True
    """

    _of_y: ClassVar[dict[str, bool]] = {"multi_output": True, "y_numeric": True}

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on some samples, from the weights that are there.

        Parameters
        ----------
        X : array-like (n, features), (n, H, W) or (n, C, H, W)
        y : array-like (n,) or (n, k)
        sample_weight : array-like (n,), optional
            >= 0. Unlike in `fit`, the gradient is proportional to them: calls do not know of each other's.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`; also with early stopping.
        """
        return self._one_epoch(X, y, sample_weight, None)

    def predict(self, X: Any) -> Array:
        """The numbers of each image: array (n,), or (n, k) if k > 1 targets were learned."""
        outputs = self._predicted(X)
        return outputs if self.n_outputs_ > 1 else outputs[:, 0]

    def _targets(self, y: Array, classes: Any, goes_on: bool) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets = y.astype(np.float64).reshape(len(y), -1)
        if goes_on and targets.shape[1] != self.n_outputs_:
            raise ValueError(
                f"ConvNetRegressor: y must have {self.n_outputs_} targets as before, got {targets.shape[1]}"
            )
        return targets

    def _outputs_for(self, targets: Array) -> int:
        return int(targets.shape[1])

    def _losses(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        each = np.full_like(outputs, 0.5 / outputs.shape[1])
        losses = each * F.mse_loss(outputs, targets, "none")
        return losses.sum(axis=1), F.mse_loss_backward(each, outputs, targets, "none")

    def _validation_score(self, outputs: Array, targets: Array, weights: Array) -> float:
        return float(r2_score(targets, outputs, sample_weight=weights)) if np.isfinite(outputs).all() else -math.inf

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
