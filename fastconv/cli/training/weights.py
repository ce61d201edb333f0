"""Weights in files that ``eval``, ``predict`` and ``export`` read, while the training goes on."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ... import save_weights
from ...train import Callback, Run
from ...train.callbacks.monitored import Monitored


class SaveWeights(Callback):
    """Write the weights after every epoch, and those of the best epoch into another file.

    Parameters
    ----------
    path, best : str
    meta : dict
        What the network is.
    """

    saves: ClassVar[bool] = True
    rank_zero_only: ClassVar[bool] = True

    def __init__(self, path: str, best: str, meta: dict[str, Any]) -> None:
        self.path, self.best, self.meta = path, best, meta
        self._monitored = Monitored("SaveWeights", "val_loss")

    def on_epoch_end(self, run: Run) -> None:
        """Write them."""
        save_weights(self.path, run.model, self.meta)
        if self._monitored.improves(self._monitored.value(run)):
            save_weights(self.best, run.model, self.meta)

    def on_interrupt(self, run: Run) -> None:
        """Write them."""
        save_weights(self.path, run.model, self.meta)

    def on_train_end(self, run: Run) -> None:
        """Write them: a callback may have gone back to those of an earlier epoch."""
        save_weights(self.path, run.model, self.meta)

    def state_dict(self) -> dict[str, Any]:
        """The best loss so far."""
        return self._monitored.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self._monitored.load_state_dict(state)
