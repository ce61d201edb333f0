"""The training loop."""

import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from .._geometry import integer, is_sequence, shown
from ..data.loader import DataLoader
from ..nn import BCEWithLogitsLoss, Module
from ..optim import Optimizer
from .callback import Callback
from .history import History
from .progress import Progress
from .tally import Tally

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
Batches: TypeAlias = Iterable[Arrays]
Data: TypeAlias = Batches | Arrays


class Loss(Protocol):
    """What the loop needs of a loss: its value as a Python float, then its gradient for the logits."""

    def __call__(self, input: NDArray[Any], target: NDArray[Any], /) -> Any: ...
    def backward(self) -> NDArray[Any]: ...


class Scheduler(Protocol):
    """What the loop needs of a learning rate schedule."""

    def step(self) -> None: ...


class Trainer:
    """Trains and measures a model: the usual loop, written once.

    Parameters
    ----------
    model : nn.Module
    loss : nn.CrossEntropyLoss, nn.BCEWithLogitsLoss or the like
        Called with outputs and targets; the mean over the batch (``reduction="mean"``).
    optimizer : optim.Optimizer
    callbacks : sequence of Callback

    Raises
    ------
    TypeError
        An argument is something else; the text names it.

    Attributes
    ----------
    stop : bool
        A callback sets it to end the training after the current epoch.

    Examples
    --------
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
    >>> train, test = fc.data.digits()
    >>> history = trainer.fit(train, epochs=3, rng=0, progress=False)
    >>> trainer.evaluate(test)["accuracy"] > 0.9
    True
    """

    def __init__(
        self, model: Module, loss: Loss, optimizer: Optimizer, callbacks: Sequence[Callback] = ()
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"Trainer: model must be a Module, got {shown(model)}")
        if not callable(loss) or not hasattr(loss, "backward"):
            raise TypeError(f"Trainer: loss must be a criterion with backward, got {shown(loss)}")
        if not hasattr(optimizer, "step") or not hasattr(optimizer, "zero_grad"):
            raise TypeError(f"Trainer: optimizer must have step and zero_grad, got {shown(optimizer)}")
        if not is_sequence(callbacks) or not all(isinstance(callback, Callback) for callback in callbacks):
            raise TypeError(f"Trainer: callbacks must be a sequence of Callbacks, got {shown(callbacks)}")
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.callbacks = list(callbacks)
        self.stop = False
        self._step = 0

    def fit(
        self,
        train: Data,
        validation: Data | None = None,
        epochs: int = 1,
        *,
        batch_size: int = 32,
        scheduler: Scheduler | None = None,
        rng: int | np.random.Generator | None = None,
        progress: bool = True,
    ) -> History:
        """Train the model.

        Parameters
        ----------
        train : DataLoader or (X, y)
            Arrays are shuffled anew in every epoch.
        validation : DataLoader or (X, y), optional
            Measured after every epoch.
        epochs : int
        batch_size : int
            For data given as arrays; a DataLoader has its own.
        scheduler : optional
            Its ``step()`` is called after every step of the optimizer.
        rng : int, numpy.random.Generator or None
            Where the orders of shuffled arrays come from.
        progress : bool
            Print a line after every epoch (see `fastconv.train.Progress`).

        Returns
        -------
        History
            ``loss`` and ``accuracy`` are means over the epoch, measured on each batch before the parameters
            learn from it; ``val_loss`` and ``val_accuracy`` are measured after the epoch.

        Raises
        ------
        FloatingPointError
            The loss became NaN or infinite. The parameters are those of the step before.
        ValueError
            There is no training data.
        """
        epochs = integer("Trainer.fit", "epochs", epochs, 1)
        train = _batches(train, "Trainer.fit", batch_size, shuffle=True, rng=rng)
        callbacks = [*self.callbacks, Progress()] if progress else self.callbacks
        steps = len(train) if isinstance(train, Sized) else None
        history, self.stop, self._step = History(), False, 0
        try:
            for epoch in range(1, epochs + 1):
                for callback in callbacks:
                    callback.on_epoch_begin(self, epoch, epochs, steps)
                metrics = self._train_epoch(train, epoch, scheduler, callbacks)
                if validation is not None:
                    measured = self.evaluate(validation)
                    metrics |= {"val_loss": measured["loss"], "val_accuracy": measured["accuracy"]}
                history.append(metrics)
                for callback in callbacks:
                    callback.on_epoch_end(self, epoch, epochs, metrics)
                if self.stop:
                    break
        finally:
            for callback in callbacks:
                callback.on_end(self)
        return history

    def _train_epoch(
        self, train: Batches, epoch: int, scheduler: Scheduler | None, callbacks: Sequence[Callback]
    ) -> dict[str, float]:
        self.model.train()
        tally = self._tally()
        for x, y in train:
            self._step += 1
            outputs = self.model(x)
            loss = float(self.loss(outputs, y))
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"Trainer.fit: the loss is {loss} at step {self._step} (epoch {epoch}); "
                    "a smaller learning rate may help"
                )
            self.optimizer.zero_grad()
            self.model.backward(self.loss.backward(), input_grad=False)
            self.optimizer.step()
            if scheduler is not None:
                scheduler.step()
            tally.add(outputs, y, loss)
            for callback in callbacks:
                callback.on_step_end(self, self._step, loss)
        if tally.samples == 0:
            raise ValueError("Trainer.fit: train has no samples")
        return tally.means()

    def evaluate(self, data: Data, *, batch_size: int = 256) -> dict[str, float]:
        """Measure the model, in evaluation mode.

        Parameters
        ----------
        data : DataLoader or (X, y)
        batch_size : int
            For data given as arrays.

        Returns
        -------
        dict
            ``"loss"`` and ``"accuracy"``, means over all samples; accuracy in [0, 1].

        Raises
        ------
        ValueError
            There is no data.
        """
        tally = self._tally()
        with _Evaluation(self.model):
            for x, y in _batches(data, "Trainer.evaluate", batch_size, shuffle=False, rng=None):
                outputs = self.model(x)
                tally.add(outputs, y, float(self.loss(outputs, y)))
        if tally.samples == 0:
            raise ValueError("Trainer.evaluate: data has no samples")
        return tally.means()

    def predict(self, X: NDArray[Any], *, batch_size: int = 256) -> NDArray[Any]:
        """Outputs of the model, in evaluation mode.

        Parameters
        ----------
        X : ndarray, shape (n, ...)
            uint8 becomes float32 in [0, 1], as in training.
        batch_size : int

        Returns
        -------
        ndarray, shape (n, ...)
            For a classifier the logits; ``.argmax(axis=1)`` are the classes.

        Raises
        ------
        ValueError
            `X` is empty.
        """
        loader = DataLoader(X, np.zeros(len(X), np.int64), batch_size)
        with _Evaluation(self.model):
            outputs = [self.model(x) for x, _ in loader]
        if not outputs:
            raise ValueError("Trainer.predict: X has no samples")
        return np.concatenate(outputs)

    def _tally(self) -> Tally:
        return Tally(isinstance(self.loss, BCEWithLogitsLoss), getattr(self.loss, "ignore_index", None))


class _Evaluation:
    """Puts a model into evaluation mode, and back into the mode that it was in."""

    def __init__(self, model: Module) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.training = self.model.training
        self.model.eval()

    def __exit__(self, *error: object) -> None:
        self.model.train(self.training)


def _batches(
    data: Data, function: str, batch_size: int, shuffle: bool, rng: int | np.random.Generator | None
) -> Batches:
    """A loader for arrays; what already gives batches stays as it is."""
    if isinstance(data, tuple) or (isinstance(data, list) and data and isinstance(data[0], np.ndarray)):
        if len(data) != 2:
            raise ValueError(f"{function}: data must be a DataLoader or (X, y), got {len(data)} items")
        X, y = cast(Arrays, data)
        return DataLoader(X, y, batch_size, shuffle=shuffle, rng=rng)
    if isinstance(data, Iterator) or not isinstance(data, Iterable):
        # An iterator would be empty from the second epoch on.
        raise TypeError(f"{function}: data must be a DataLoader or (X, y), got {type(data).__name__}")
    return data
