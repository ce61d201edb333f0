"""A training run while it goes on."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._geometry import is_integer, shown
from ..checkpoint import file
from ..checkpoint.generators import Generators
from ..checkpoint.parts import Parts
from ..distributed.communicator import SERIAL, Communicator
from ..nn import Module
from ..optim import Optimizer
from .history import History
from .tally import Tally


class Loss(Protocol):
    """What the loop needs of a loss: its value as a Python float, then its gradient for the logits."""

    def __call__(self, input: NDArray[Any], target: NDArray[Any], /) -> Any: ...
    def backward(self) -> NDArray[Any]: ...


class Run:
    """What callbacks see of a training run; only `stop` is theirs to set.

    Attributes
    ----------
    model : nn.Module
    loss : criterion
    optimizer : optim.Optimizer
    communicator : distributed.Communicator
        Of a `DistributedOptimizer`; else one of a single rank.
    history : History
        The epochs that are complete.
    epochs : int or None
        How many there will be; None: as many as the time allows.
    epoch : int
        Which one is under way, counted from 1.
    steps : int or None
        Updates of an epoch, if that is known.
    batch : int
        Updates so far in the epoch that is under way; 0 when it is complete.
    trained : bool
        Whether all updates of that epoch are done, so that only its validation is left.
    step : int
        Updates so far in all epochs.
    inputs, targets, outputs : ndarray
        The latest batch, and what the model made of it.
    batch_loss : float
        Its loss.
    metrics : dict
        What was measured in the epoch that was completed last: what `History` records, and metrics that are arrays.
    stop : bool
        Set to True, it ends the training after the current step, and then the epoch counts as complete.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    outputs: NDArray[Any]

    def __init__(
        self, model: Module, loss: Loss, optimizer: Optimizer, epochs: int | None, steps: int | None, tally: Tally
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.communicator: Communicator = getattr(optimizer, "communicator", SERIAL)
        self.history = History()
        self.epochs, self.steps = epochs, steps
        self.epoch, self.batch, self.step = 1, 0, 0
        self.trained = False
        self.batch_loss = float("nan")
        self.metrics: dict[str, Any] = {}
        self.stop = False
        self.tally = tally
        self.generators = Generators(model)
        self.generators_before = self.generators.state_dict()
        self.parts: Parts = {}

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to do."""
        return (self.stop and self.batch == 0) or self.history.epochs == self.epochs

    def record(self, metrics: dict[str, Any]) -> None:
        """Complete the epoch."""
        self.metrics = metrics
        self.history.append({name: value for name, value in metrics.items() if np.ndim(value) == 0})
        self.batch, self.trained = 0, False
        self.tally = Tally(self.tally.metrics)

    def save(self, path: str) -> None:
        """Write a checkpoint of everything that the run depends on, for ``Trainer.fit(..., resume=path)``.

        Of several ranks, all have to call this, and rank 0 writes.

        Raises
        ------
        OSError
            The file cannot be written. The old file is untouched.
        """
        own, self.tally = self.tally, self.tally.over(self.communicator)
        try:
            if self.communicator.rank == 0:
                file.write(path, "Trainer.fit", self.parts, {})
        finally:
            self.tally = own
        self.communicator.barrier()

    def state_dict(self) -> dict[str, Any]:
        """How far the run is."""
        return {
            "epoch": self.history.epochs,
            "batch": self.batch,
            "trained": self.trained,
            "step": self.step,
            "stop": self.stop,
            "history": self.history.state_dict(),
            "tally": self.tally.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        for name in ("epoch", "batch", "step"):
            if not is_integer(state[name]) or state[name] < 0:
                raise ValueError(f"{name} must be an integer >= 0, got {shown(state[name])}")
        history = History()
        history.load_state_dict(state["history"])
        if history.epochs != state["epoch"]:
            raise ValueError(f"epoch is {state['epoch']}, but the history has {history.epochs}")
        if self.epochs is not None and history.epochs > self.epochs:
            raise ValueError(f"it has {history.epochs} epochs, more than epochs={self.epochs}")
        self.tally.load_state_dict(state["tally"])
        if self.communicator.rank > 0:  # rank 0 has what was counted, and others go on from nothing
            self.tally = Tally(self.tally.metrics)
        self.history.load_state_dict(state["history"])
        self.epoch, self.batch, self.step = history.epochs + 1, state["batch"], state["step"]
        self.trained, self.stop = bool(state["trained"]), bool(state["stop"])
