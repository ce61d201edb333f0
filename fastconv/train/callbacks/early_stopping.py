"""Stopping when training has stopped to help."""

from collections.abc import Mapping
from typing import Any

from ..._geometry import integer
from ...functional._options import flag
from ..run import Run
from .callback import Callback, checked_state
from .monitored import Monitored


class EarlyStopping(Callback):
    """End the training when a metric has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str
        Which metric, by its key in `History`.
    patience : int
        Epochs without improvement after which to stop; at least 1.
    min_delta : float
        By how much a value has to be better to count as an improvement.
    mode : {"min", "max"}, optional
        Which values are better. None: the larger, if the name ends in ``accuracy``, else the smaller.
    restore_best : bool
        Give the model its parameters and buffers of the best epoch when training ends, also if it is not stopped.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch : int or None
        Where that was, counted from 1.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it. While training: the metric was not measured.

    Examples
    --------
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> train, test = fc.data.digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> stopping = EarlyStopping("val_accuracy", patience=2)
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1), [stopping])
    >>> history = trainer.fit(train, validation=test, epochs=50, rng=0, progress=False)
    >>> history.epochs == stopping.best_epoch + 2
    True
    >>> trainer.evaluate(test)["accuracy"] == stopping.best
    True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str | None = None,
        restore_best: bool = True,
    ) -> None:
        self._monitored = Monitored("EarlyStopping", monitor, mode, min_delta)
        self.patience = integer("EarlyStopping", "patience", patience, 1)
        self.restore_best = flag("EarlyStopping", "restore_best", restore_best)
        self._forget()

    def _forget(self) -> None:
        self._monitored.reset()
        self.best_epoch: int | None = None
        self._best_model: dict[str, Any] | None = None

    @property
    def best(self) -> float | None:
        """The best value so far."""
        return self._monitored.best

    def on_train_begin(self, run: Run) -> None:
        """Forget the run before."""
        self._forget()

    def on_epoch_end(self, run: Run) -> None:
        """Compare, and stop if it is time."""
        if self._monitored.improves(self._monitored.value(run)):
            self.best_epoch = run.epoch
            if self.restore_best:
                self._best_model = run.model.state_dict()
        elif run.epoch - (self.best_epoch or 0) >= self.patience:
            run.stop = True

    def on_train_end(self, run: Run) -> None:
        """Restore the best model."""
        if self._best_model is not None:
            run.model.load_state_dict(self._best_model)

    def state_dict(self) -> dict[str, Any]:
        """The best value, where it was, and the model there."""
        return {**self._monitored.state_dict(), "best_epoch": self.best_epoch, "best_model": self._best_model}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        state = checked_state("EarlyStopping", state, "best_epoch", "best_model")
        self._monitored.load_state_dict(state)
        self.best_epoch, self._best_model = state["best_epoch"], state["best_model"]
