"""A classifier."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from fastconv import functional as F
from fastconv._arrays import Array

from ._estimator import ConvNet


class ConvNetClassifier(ClassifierMixin, ConvNet):
    """A convolutional network that tells classes of images, trained on softmax cross-entropy.

    Parameters are named, and have defaults, as in ``sklearn.neural_network.MLPClassifier`` where it has them.
    Images are best scaled before, to [0, 1] or to mean 0.

    Parameters
    ----------
    model : callable, Module or None
        None: convolutions of 3 by 3 with pooling, and two fully connected layers, as many as the size of the images
        asks for. A function is called with the shape of the images ``(C, H, W)`` and the number of classes, and makes
        a `nn.Module` from images ``(n, C, H, W)`` to logits ``(n, classes)``; if it has a parameter `rng` or `dtype`,
        it also gets the generator that `random_state` seeds, or the dtype of `X`. Of a Module a copy is trained,
        from its weights on.
    image_shape : (H, W), (C, H, W) or None
        What a row of `X` is. None: what images come as; a square number of features is a square image of one
        channel, any other an image one pixel high.
    solver : {"adam", "sgd", "rmsprop", "adagrad"}
        Of `fastconv.optim`.
    alpha : float
        >= 0. Half of it times the sum of squares of kernels and matrices of weights is added to the sum of losses.
    batch_size : int or "auto"
        "auto" is 200, or all samples if there are fewer.
    learning_rate_init : float
        > 0.
    max_iter : int
        Most epochs.
    shuffle : bool
        A new order in each epoch.
    random_state : int, numpy.random.RandomState or None
        Where first weights, orders and the split of early stopping come from; an int gives the same bits each time.
    tol : float
        The least that counts as better.
    verbose : bool
        Print a line for each epoch.
    warm_start : bool
        `fit` goes on from the weights it finds, with `y` of classes known before.
    momentum : float
        In [0, 1]; of "sgd".
    nesterovs_momentum : bool
        Of "sgd".
    early_stopping : bool
        Set `validation_fraction` of the samples aside, watch the score on them instead of the loss, and keep the
        weights that have the best.
    validation_fraction : float
        In (0, 1).
    n_iter_no_change : int or inf
        Training ends when for more epochs than that nothing was better by `tol`.
    class_weight : dict, "balanced" or None
        Weight of each class, 1 where a dict has none. "balanced": in inverse proportion to the sum of the weights of
        its samples.

    Attributes
    ----------
    classes_ : ndarray
        Labels, sorted.
    model_ : Module
        The network, in evaluation mode.
    image_shape_ : tuple
        ``(C, H, W)``.
    n_features_in_, feature_names_in_ : int, ndarray
        Of `X` as rows, C * H * W; names if `X` was a data frame.
    n_outputs_ : int
        Number of classes.
    loss_, best_loss_ : float
        Of the last epoch; the least (None with early stopping).
    loss_curve_ : list of float
        One loss for each epoch, also of earlier calls with `warm_start` and `partial_fit`.
    n_iter_ : int
        Epochs of the last `fit`, and calls of `partial_fit` since.
    validation_scores_, best_validation_score_ : list of float, float
        Accuracies; None without early stopping.

    Notes
    -----
    Computes in the dtype of the network that `model` makes. That of the usual network is float64 for `X` of float64
    or of integers that float32 cannot hold, else float32, so that images of bytes stay small.

    Examples
    --------
    >>> from fastconv.sklearn import ConvNetClassifier
    >>> from sklearn.datasets import load_digits
    >>> images, digits = load_digits(return_X_y=True)
    >>> classifier = ConvNetClassifier(learning_rate_init=0.005, tol=0.02, n_iter_no_change=2, random_state=0)
    >>> classifier.fit(images[:1200] / 16, digits[:1200]).score(images[1200:] / 16, digits[1200:]) > 0.9
    True
    >>> classifier.image_shape_
    (1, 8, 8)
    """

    def __init__(
        self,
        model: Any = None,
        *,
        image_shape: tuple[int, ...] | None = None,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 10,
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            model,
            image_shape=image_shape,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate_init=learning_rate_init,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
        )
        self.class_weight = class_weight

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on some samples, from the weights that are there.

        Parameters
        ----------
        X : array-like (n, features), (n, H, W) or (n, C, H, W)
        y : array-like (n,)
        classes : array-like
            All labels there will be; needed in the first call.
        sample_weight : array-like (n,), optional
            >= 0. Unlike in `fit`, the gradient is proportional to them: calls do not know of each other's.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`; also without `classes` in the first call or with others later, with early stopping, and with
            balanced class weights, which need all samples.
        """
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            raise ValueError(
                "ConvNetClassifier: partial_fit does not support class_weight='balanced', got it: give a dict"
            )
        if classes is None and not self.__sklearn_is_fitted__():
            raise ValueError("ConvNetClassifier: partial_fit needs classes in its first call")
        return self._one_epoch(X, y, sample_weight, classes)

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes, in the order of ``classes_``: float64 array (n, classes)."""
        return F.softmax(self._predicted(X).astype(np.float64), 1)

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of `predict_proba`, exact also where those are 0: float64 array (n, classes)."""
        return F.log_softmax(self._predicted(X).astype(np.float64), 1)

    def predict(self, X: Any) -> Array:
        """The most probable class of each image: array (n,)."""
        probabilities = self.predict_proba(X)
        labels: Array = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def _targets(self, y: Array, classes: Any, goes_on: bool) -> Array:
        check_classification_targets(y)
        if not goes_on:
            self.classes_ = np.unique(y if classes is None else classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"ConvNetClassifier: classes must be {self.classes_} as before, got {classes}")
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size:
            raise ValueError(f"ConvNetClassifier: y must be of the classes {self.classes_}, got {unknown}")
        ids: Array = np.searchsorted(self.classes_, y)
        return ids

    def _outputs_for(self, targets: Array) -> int:
        return len(self.classes_)

    def _weighed(self, targets: Array, weights: Array) -> Array:
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            sums = np.bincount(targets, weights, len(self.classes_))
            of_class = sums.sum() / np.where(sums > 0, sums, np.inf) / np.count_nonzero(sums)
        else:
            y = self.classes_[targets]
            of_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y).astype(np.float64)
            if not (of_class >= 0).all():
                raise ValueError(f"ConvNetClassifier: class_weight must not be negative, got {self.class_weight}")
        weighed: Array = weights * of_class[targets]
        return weighed

    def _losses(self, outputs: Array, targets: Array) -> tuple[Any, Array]:
        return F.softmax_cross_entropy(outputs, targets, reduction="none")

    def _stratified_by(self, targets: Array) -> Array:
        return targets

    def _validation_score(self, outputs: Array, targets: Array, weights: Array) -> float:
        return float(np.average(outputs.argmax(axis=1) == targets, weights=weights))
