"""The base of callbacks: what a training run tells others while it goes on."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ..._geometry import shown
from ..run import Run


class Callback:
    """Base of the callbacks of `Trainer`: override what is of interest; every method here does nothing.

    ``run.stop = True`` in any of them ends the training. What a callback has to know after a resume, it returns from
    `state_dict`.

    Examples
    --------
    >>> class StopWhenGoodEnough(Callback):
    ...     def on_epoch_end(self, run):
    ...         run.stop = run.metrics["accuracy"] > 0.99
    """

    saves: ClassVar[bool] = False
    """Whether the callback saves the run: it is then called after all others, and before a signal ends the run."""

    def on_train_begin(self, run: Run) -> None:
        """Called before the first epoch; what the callback knows of an earlier run is to be forgotten."""

    def on_epoch_begin(self, run: Run) -> None:
        """Called before an epoch, and before the rest of one that a checkpoint was made in."""

    def on_grad_computed(self, run: Run) -> None:
        """Called after the gradients are there, before the parameters change."""

    def on_batch_end(self, run: Run) -> None:
        """Called after each update of the parameters."""

    def on_epoch_end(self, run: Run) -> None:
        """Called after an epoch and its validation, with the numbers in ``run.metrics``."""

    def on_interrupt(self, run: Run) -> None:
        """Called between two steps when a signal ends the run."""

    def on_train_end(self, run: Run) -> None:
        """Called after the last epoch."""

    def on_exit(self, run: Run) -> None:
        """Called at the very end, be it after an error."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint is to keep of this callback; empty for most."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; called after `on_train_begin`."""


def checked_state(owner: str, state: object, *keys: str) -> Mapping[str, Any]:
    """A state that has all of these keys."""
    if not isinstance(state, Mapping):
        raise TypeError(f"{owner}: state must be a dict, got {shown(state)}")
    if missing := [key for key in keys if key not in state]:
        raise ValueError(f"{owner}: state must have {', '.join(map(repr, missing))}")
    return state
