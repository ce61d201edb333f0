"""What the estimators have in common: from arguments and arrays to a trained network."""

import warnings
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from fastconv import nn
from fastconv._arrays import FLOAT32, Array
from fastconv._geometry import Shape

from . import _hyperparameters, _images
from ._network import dtype_of, network
from ._training import Patience, Samples, Training

PREDICTED_AT_ONCE = 256


class ConvNet(BaseEstimator):
    """Base of the estimators: a subclass says what targets and losses are."""

    model_: nn.Module
    _of_y: ClassVar[dict[str, bool]] = {}
    """How scikit-learn is to validate `y`."""

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
    ) -> None:
        self.model = model
        self.image_shape = image_shape
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    # ---- what a subclass writes

    def _targets(self, y: Array, classes: Any, goes_on: bool) -> Array:
        """What the loss takes for `y`: class ids, or real numbers ``(n, k)``."""
        raise NotImplementedError

    def _outputs_for(self, targets: Array) -> int:
        """How many outputs the network has."""
        raise NotImplementedError

    def _weighed(self, targets: Array, weights: Array) -> Array:
        """Weights of samples times those of their classes."""
        return weights

    def _losses(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """See `Loss`."""
        raise NotImplementedError

    def _stratified_by(self, targets: Array) -> Array | None:
        """What early stopping splits off evenly."""
        return None

    def _validation_score(self, outputs: Array, targets: Array, weights: Array) -> float:
        """What early stopping watches."""
        raise NotImplementedError

    # ---- training

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like (n, features), (n, H, W) or (n, C, H, W)
        y : array-like (n,), for a regressor also (n, k)
        sample_weight : array-like (n,), optional
            >= 0: as so many copies each sample counts; where `alpha` is 0, only ratios matter. A sample of weight 0 is
            as good as absent.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            `X`, `y`, `sample_weight` or an argument of the constructor is impossible, or the training diverged; the
            text names what.
        """
        _hyperparameters.check(self)
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        samples = self._samples(X, y, sample_weight, None, goes_on)
        rng = self._generator()
        module = self.model_ if goes_on else self._network(samples, rng)
        training = Training(module, self._losses, self)

        samples, held = self._split(samples, rng) if self.early_stopping else (samples, None)
        samples = replace(samples, unit=float(samples.weights.mean()))
        patience = Patience(self.tol, self.n_iter_no_change)
        curve, scores = self._epochs(training, samples, held, patience, rng)
        if not patience.is_over():
            warnings.warn(
                f"{type(self).__name__}: {self.max_iter} epochs (max_iter) were not enough to converge",
                ConvergenceWarning,
                stacklevel=2,
            )
        self._keep(module, samples, [*self.loss_curve_, *curve] if goes_on else curve, len(curve))
        self.validation_scores_ = scores if self.early_stopping else None
        self.best_validation_score_ = patience.best if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else -patience.best
        self._incremental: tuple[Training, np.random.Generator] | None = None
        return self

    def _epochs(
        self, training: Training, samples: Samples, held: Samples | None, patience: Patience, rng: np.random.Generator
    ) -> tuple[list[float], list[float]]:
        """Train until nothing gets better; with `held`, to the weights that do best on it. Losses and scores."""
        curve: list[float] = []
        scores: list[float] = []
        best: dict[str, Array] = {}
        while not patience.is_over() and len(curve) < self.max_iter:
            curve.append(self._epoch(training, samples, rng, len(curve) + 1))
            if held is None:
                patience.tell(-curve[-1])
            else:
                outputs = self._outputs(training.module, held.rows, held.shape)
                scores.append(self._validation_score(outputs, held.targets, held.weights))
                if patience.tell(scores[-1]) or not best:
                    best = training.module.state_dict()
            self._report(len(curve), curve[-1], scores)
        if best:
            training.module.load_state_dict(best)
        return curve, scores

    def _one_epoch(self, X: Any, y: Any, sample_weight: Any, classes: Any) -> Self:
        """`partial_fit`: weights count as they are, as calls do not know of each other's."""
        _hyperparameters.check(self)
        owner = type(self).__name__
        if self.early_stopping:
            raise ValueError(f"{owner}: partial_fit does not support early_stopping=True")
        goes_on = self.__sklearn_is_fitted__()
        samples = self._samples(X, y, sample_weight, classes, goes_on)
        if goes_on and self._incremental is not None:
            training, rng = self._incremental
        else:
            rng = self._generator()
            module = self.model_ if goes_on else self._network(samples, rng)
            training = Training(module, self._losses, self)
        epoch = self.n_iter_ + 1 if goes_on else 1
        loss = self._epoch(training, samples, rng, epoch)
        self._report(epoch, loss, [])
        self._keep(training.module, samples, [*self.loss_curve_, loss] if goes_on else [loss], epoch)
        # Kept from call to call only: it is three times as large as the network.
        self._incremental = training, rng
        return self

    def _keep(self, module: nn.Module, samples: Samples, curve: list[float], epochs: int) -> None:
        self.model_ = module
        self.image_shape_ = samples.shape
        self.n_outputs_ = self._outputs_for(samples.targets)
        self.loss_curve_ = curve
        self.loss_ = curve[-1]
        self.n_iter_ = epochs

    def _generator(self) -> np.random.Generator:
        seed = check_random_state(self.random_state).randint(0, 2**32, size=4, dtype=np.uint32)
        return np.random.default_rng(seed)

    def _samples(self, X: Any, y: Any, sample_weight: Any, classes: Any, goes_on: bool) -> Samples:
        """What is to be learned: checked, and without samples of weight 0."""
        owner = type(self).__name__
        if not goes_on:
            self._forget()
        rows, came = _images.rows_and_shape(owner, X)
        options = {"dtype": _images.real_dtype(rows), **self._of_y}
        rows, y = validate_data(self, rows, y, reset=not goes_on, **options)
        if not goes_on:
            shape = _images.image_shape(owner, self.image_shape, came, rows.shape[1])
        else:
            shape = self.image_shape_
            if came is not None:
                _images.check_same(owner, came, shape)
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        targets = self._targets(y, classes, goes_on)
        weights = self._weighed(targets, weights)
        counts = weights > 0
        if not counts.any():
            raise ValueError(f"{owner}: sample_weight and class_weight leave no sample with a weight > 0")
        samples = Samples(rows, shape, targets, weights, 1.0)
        return samples if counts.all() else samples.take(counts)

    def _network(self, samples: Samples, rng: np.random.Generator) -> nn.Module:
        outputs = self._outputs_for(samples.targets)
        return network(type(self).__name__, self.model, samples.shape, outputs, rng, samples.rows.dtype)

    def _split(self, samples: Samples, rng: np.random.Generator) -> tuple[Samples, Samples]:
        train, held = train_test_split(
            np.arange(len(samples)),
            test_size=self.validation_fraction,
            random_state=int(rng.integers(2**31)),
            stratify=self._stratified_by(samples.targets),
        )
        if len(held) < 2:
            raise ValueError(
                f"{type(self).__name__}: early_stopping needs at least 2 samples to validate on, got {len(held)}: "
                "increase validation_fraction or the number of samples"
            )
        return samples.take(train), samples.take(held)

    def _epoch(self, training: Training, samples: Samples, rng: np.random.Generator, epoch: int) -> float:
        count = len(samples)
        size = min(200 if self.batch_size == "auto" else int(self.batch_size), count)
        order = rng.permutation(count) if self.shuffle else np.arange(count)
        loss = training.epoch(samples, (order[part] for part in gen_batches(count, size)))
        if not training.is_finite():
            self._forget()
            raise ValueError(
                f"{type(self).__name__}: weights became infinite or NaN in epoch {epoch}: scale X and what a regressor "
                "is to tell, such as to [0, 1], or lower learning_rate_init"
            )
        return loss

    def _report(self, epoch: int, loss: float, scores: list[float]) -> None:
        if self.verbose:
            print(f"epoch {epoch}: loss {loss:.6f}" + (f", validation score {scores[-1]:.4f}" if scores else ""))

    # ---- prediction

    def _outputs(self, module: nn.Module, rows: Array, shape: Shape) -> Array:
        dtype = dtype_of(module, FLOAT32)
        parts = gen_batches(len(rows), PREDICTED_AT_ONCE)
        return np.concatenate([module(_images.batch(rows, part, shape, dtype)) for part in parts])

    def _predicted(self, X: Any) -> Array:
        """What the network gives for `X`."""
        check_is_fitted(self)
        rows, came = _images.rows_and_shape(type(self).__name__, X)
        rows = validate_data(self, rows, dtype=_images.real_dtype(rows), reset=False)
        if came is not None:
            _images.check_same(type(self).__name__, came, self.image_shape_)
        return self._outputs(self.model_, rows, self.image_shape_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _forget(self) -> None:
        """Be untrained, so that a training that fails does not leave an old network with new classes."""
        self.__dict__.pop("model_", None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
