"""The training loop."""

import math
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from ..distributed import DistributedOptimizer
from ..distributed.communicator import SERIAL, Communicator
from ..distributed.parameters import broadcast_buffers
from ..nn import Module
from .batches import Arrays, Batches, find_class_id, ranks_of
from .callbacks import Callback
from .interruption import Interruption
from .non_finite import where
from .retraced import Retraced
from .run import Loss, Run
from .tally import Tally

# Seconds that someone who stops a run may have to wait for the end of a step. A step after a longer one, or after none,
# is dropped instead.
PATIENCE = 0.2


def train_epochs(
    run: Run,
    train: Batches,
    validation: Batches | None,
    callbacks: Sequence[Callback],
    interruption: Interruption,
) -> None:
    """Train until the run is complete, or interrupted at a place from which it can go on."""
    while not run.complete:
        run.epoch = run.history.epochs + 1
        for callback in callbacks:
            callback.on_epoch_begin(run)
        if not run.trained:
            _train_epoch(run, train, callbacks, interruption)
        tally = run.tally.over(run.communicator)
        if tally.samples == 0:
            raise ValueError("Trainer.fit: train has no samples")
        metrics = tally.values()
        broadcast_buffers(run.model, run.communicator)
        if validation is not None:
            metrics |= {f"val_{name}": value for name, value in _validate(run, validation, interruption).items()}
        run.record(metrics)
        for callback in callbacks:
            callback.on_epoch_end(run)
        run.stop = interruption.check_together(run.stop)


def _train_epoch(run: Run, train: Batches, callbacks: Sequence[Callback], interruption: Interruption) -> None:
    """Do the steps of an epoch, or the rest of them."""
    run.model.train()
    batches = iter(train)
    if not hasattr(train, "load_state_dict"):  # what has a state knows where it was
        batches = islice(batches, run.batch, None)
    duration = math.inf
    while not (run.stop and run.batch):
        start = time.monotonic()
        if duration > PATIENCE:
            with Retraced(run, train), interruption.anywhere():
                more = _compute_gradients(run, batches, train)
        else:
            more = _compute_gradients(run, batches, train)
        if not more:
            break
        for callback in callbacks:
            callback.on_grad_computed(run)
        run.optimizer.step()
        run.tally.add(run.outputs, run.targets, run.batch_loss)
        for callback in callbacks:
            callback.on_batch_end(run)
        run.stop = interruption.check_together(run.stop)
        duration = time.monotonic() - start
    run.trained = True


def _compute_gradients(run: Run, batches: Iterator[Arrays], train: Batches) -> bool:
    """Do the part of a step that leaves the parameters as they are; whether there was a batch for it."""
    batch = next(batches, None)
    if batch is None:
        return False
    run.inputs, run.targets = batch
    run.generators_before = run.generators.state_dict()
    run.step += 1
    run.batch += 1
    run.outputs = run.model(run.inputs)
    run.batch_loss = _loss_of("Trainer.fit", run.loss, train, run.outputs, run.targets)
    if not math.isfinite(run.batch_loss) and len(run.outputs):  # a rank may have no part in a small batch
        raise FloatingPointError(
            f"Trainer.fit: the loss is {run.batch_loss} at step {run.step} (epoch {run.epoch}): {where(run)}; "
            "a smaller learning rate may help"
        )
    run.optimizer.zero_grad()
    run.model.backward(run.loss.backward(), input_grad=False)
    if isinstance(run.optimizer, DistributedOptimizer):
        run.optimizer.synchronize()
    return True


def _validate(run: Run, data: Batches, interruption: Interruption) -> dict[str, Any]:
    with Retraced(run, data), interruption.anywhere():
        return measure("Trainer.fit", run.model, run.loss, data, Tally(run.tally.metrics), run.communicator)


def measure(
    function: str, model: Module, loss: Loss, data: Batches, tally: Tally, communicator: Communicator = SERIAL
) -> dict[str, Any]:
    """Loss and metrics of a model, in evaluation mode; of all ranks together where each has its part of the data."""
    with Evaluation(model):
        for x, y in data:
            outputs: NDArray[Any] = model(x)
            tally.add(outputs, y, _loss_of(function, loss, data, outputs, y))
    tally = tally.over(ranks_of(data, communicator))
    if tally.samples == 0:
        raise ValueError(f"{function}: data has no samples")
    return tally.values()


def _loss_of(function: str, loss: Loss, data: Batches, outputs: NDArray[Any], targets: NDArray[Any]) -> float:
    try:
        return float(loss(outputs, targets))
    except ValueError:
        # A batch does not know its place in the data, which know the row.
        find_class_id(function, data, outputs, getattr(loss, "ignore_index", None))
        raise


class Evaluation:
    """Puts a model into evaluation mode, and back into the mode that it was in."""

    def __init__(self, model: Module) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.training = self.model.training
        self.model.eval()

    def __exit__(self, *error: object) -> None:
        self.model.train(self.training)
