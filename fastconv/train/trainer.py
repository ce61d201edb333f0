"""What a user calls to train and measure a model."""

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import Path, file_path
from .._geometry import integer, is_sequence, shown
from ..checkpoint import file
from ..checkpoint.parts import load_all
from ..data.loader import DataLoader
from ..distributed.communicator import SERIAL, Communicator
from ..distributed.parameters import broadcast_parameters
from ..nn import Module
from ..optim import Optimizer
from .batches import Data, batches, ranks_of
from .callbacks import Callback, LRScheduler, ProgressBar, TimeBudget
from .callbacks.lr_scheduler import Scheduler
from .history import History
from .interruption import Interrupted, Interruption
from .loop import Evaluation, measure, train_epochs
from .metrics import Metric
from .parts import parts_of
from .run import Loss, Run
from .tally import Tally, metrics_for


class Trainer:
    """Trains and measures a model: the usual loop, written once.

    Parameters
    ----------
    model : nn.Module
    loss : nn.CrossEntropyLoss, nn.BCEWithLogitsLoss or the like
        Called with outputs and targets; the mean over the batch (``reduction="mean"``).
    optimizer : optim.Optimizer
        A `DistributedOptimizer` trains on all ranks, each on its part of every batch: arrays are split by the trainer,
        a `DataLoader` has to have a `DistributedSampler`. Metrics are of all ranks, and rank 0 alone writes and prints.
    callbacks : sequence of Callback
        Called in this order; those that save the run (`Checkpoint`) after all others.
    metrics : sequence of str and Metric, optional
        What is measured besides the loss: ``"accuracy"``, ``"top5_accuracy"`` (any number), ``"confusion_matrix"``, or
        a `fastconv.train.Metric`. None: accuracy, unless the loss is one of numbers, such as `nn.MSELoss`.

    Raises
    ------
    TypeError, ValueError
        An argument is something else; the text names it.

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
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        callbacks: Sequence[Callback] = (),
        *,
        metrics: Sequence[str | Metric] | None = None,
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
        self.metrics = metrics_for(loss, metrics)

    def fit(
        self,
        train: Data,
        validation: Data | None = None,
        epochs: int | None = None,
        *,
        batch_size: int = 32,
        scheduler: Scheduler | None = None,
        time_budget: float | None = None,
        resume: Path | None = None,
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
        epochs : int, optional
            How many there are in all, those before a `resume` included. None: 1, or with `time_budget` as many as the
            time allows.
        batch_size : int
            For data given as arrays; a DataLoader has its own.
        scheduler : optional
            Its ``step()`` is called after every step of the optimizer; that of `ReduceLROnPlateau` after every epoch,
            with ``val_loss``, or ``loss`` without validation data. `fastconv.train.LRScheduler` has other ways.
        time_budget : float, optional
            Seconds to train for, with one cycle of the learning rate: see `fastconv.train.TimeBudget`.
        resume : str or path-like, optional
            A checkpoint of `fastconv.train.Checkpoint`, of a run with the same arguments, to go on from: the bits are
            those of a run that was not stopped. (They are if the data are a `DataLoader`, or arrays; other data have
            to give the same batches in every pass.)
        rng : int, numpy.random.Generator or None
            Where the orders of shuffled arrays come from.
        progress : bool
            Print a line after every epoch (see `fastconv.train.ProgressBar`).

        Returns
        -------
        History
            ``loss`` and the metrics are means over the epoch, measured on each batch before the parameters learn from
            it; ``val_loss`` and so on are measured after the epoch.

        Raises
        ------
        FloatingPointError
            The loss became NaN or infinite; the text says at which step, and where numbers first stopped being finite.
            The parameters are those of the step before.
        ValueError
            There is no training data, a class id is not one of the model's (the text has its row), or the checkpoint
            is damaged or of another run; then nothing was changed.
        OSError
            A file cannot be read or written.
        KeyboardInterrupt
            Ctrl-C; with a `Checkpoint` among the callbacks the run can be resumed.
        """
        if epochs is not None or time_budget is None:
            epochs = integer("Trainer.fit", "epochs", 1 if epochs is None else epochs, 1)
        every = self._callbacks(scheduler, time_budget, progress)
        ranks = self.communicator
        callbacks = [callback for callback in every if ranks.rank == 0 or not callback.rank_zero_only]
        training = batches(train, "Trainer.fit", batch_size, shuffle=True, rng=rng, communicator=ranks)
        if ranks_of(training, ranks) is not ranks:
            raise ValueError("Trainer.fit: train must have a sampler, DistributedSampler(), on several ranks")
        validating = None if validation is None else batches(validation, "Trainer.fit", 256, communicator=ranks)
        steps = len(training) if isinstance(training, Sized) else None
        run = Run(self.model, self.loss, self.optimizer, epochs, steps, Tally(self.metrics))
        run.parts = parts_of(run, training, validating, every)
        source = "" if resume is None else file_path("Trainer.fit", resume, "resume")
        contents = None if resume is None else file.read(source)
        with Interruption(any(callback.saves for callback in every), ranks) as interruption:
            try:
                for callback in callbacks:
                    callback.on_train_begin(run)
                if contents is not None:
                    load_all(source, run.parts, *contents, exact=True)
                broadcast_parameters(self.model, communicator=ranks)
                train_epochs(run, training, validating, callbacks, interruption)
                for callback in callbacks:
                    callback.on_train_end(run)
            except Interrupted:
                for callback in callbacks:
                    callback.on_interrupt(run)
            finally:
                for callback in callbacks:
                    callback.on_exit(run)
        return run.history

    def evaluate(self, data: Data, *, batch_size: int = 256) -> dict[str, Any]:
        """Measure the model, in evaluation mode.

        Parameters
        ----------
        data : DataLoader or (X, y)
        batch_size : int
            For data given as arrays.

        Returns
        -------
        dict
            ``"loss"`` and the metrics, over all samples; accuracy in [0, 1].

        Raises
        ------
        ValueError
            There is no data, or a class id is not one of the model's; the text has its row.
        """
        function = "Trainer.evaluate"
        found = batches(data, function, batch_size, communicator=self.communicator)
        return measure(function, self.model, self.loss, found, Tally(self.metrics), self.communicator)

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
        with Evaluation(self.model):
            outputs = [self.model(x) for x, _ in loader]
        if not outputs:
            raise ValueError("Trainer.predict: X has no samples")
        return np.concatenate(outputs)

    @property
    def communicator(self) -> Communicator:
        """Of a `DistributedOptimizer`; else one of a single rank."""
        found: Communicator = getattr(self.optimizer, "communicator", SERIAL)
        return found

    def _callbacks(self, scheduler: Any, time_budget: float | None, progress: bool) -> list[Callback]:
        """All of them, in the order in which they are called."""
        callbacks = list(self.callbacks)
        if time_budget is not None:
            if scheduler is not None:
                raise ValueError(
                    "Trainer.fit: scheduler must be None with time_budget, which has a schedule of its own"
                )
            callbacks.insert(0, TimeBudget(time_budget))
        if scheduler is not None:
            callbacks.insert(0, LRScheduler(scheduler))
        if progress:
            callbacks.append(ProgressBar())
        return sorted(callbacks, key=lambda callback: callback.saves)
