"""What a training run tells others while it runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trainer import Trainer


class Callback:
    """Base of the callbacks of `Trainer`: override what is of interest; every method here does nothing.

    ``trainer.stop = True`` in any of them ends the training after the current epoch.

    Examples
    --------
    >>> class StopWhenGoodEnough(Callback):
    ...     def on_epoch_end(self, trainer, epoch, epochs, metrics):
    ...         trainer.stop = metrics["accuracy"] > 0.99
    """

    def on_epoch_begin(self, trainer: "Trainer", epoch: int, epochs: int, steps: int | None) -> None:
        """Called before epoch `epoch` of `epochs`, counted from 1; `steps` is its length if that is known."""

    def on_step_end(self, trainer: "Trainer", step: int, loss: float) -> None:
        """Called after each update of the parameters; `step` counts from 1 over all epochs."""

    def on_epoch_end(self, trainer: "Trainer", epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Called after an epoch and its validation, with the numbers that `History` records."""

    def on_end(self, trainer: "Trainer") -> None:
        """Called when training ends, be it by an error."""
