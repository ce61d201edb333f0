"""The training loop."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from ..nn import Module
from .batches import Batches, find_class_id
from .callbacks import Callback
from .interruption import Interrupted
from .non_finite import where
from .run import Loss, Run
from .tally import Tally


def train_epochs(
    run: Run,
    train: Batches,
    validation: Batches | None,
    callbacks: Sequence[Callback],
    check: Callable[[], None],
) -> None:
    """Train until the run is complete; `check` is called where it may be interrupted."""
    while not run.complete:
        run.epoch = run.history.epochs + 1
        for callback in callbacks:
            callback.on_epoch_begin(run)
        if not (run.trained or (run.stop and run.batch)):
            _train_epoch(run, train, callbacks, check)
        metrics = run.tally.values()
        if run.tally.samples == 0:
            raise ValueError("Trainer.fit: train has no samples")
        if validation is not None:
            metrics |= {f"val_{name}": value for name, value in _validate(run, validation, check).items()}
        run.record(metrics)
        for callback in callbacks:
            callback.on_epoch_end(run)
        check()


def _train_epoch(run: Run, train: Batches, callbacks: Sequence[Callback], check: Callable[[], None]) -> None:
    """Do the steps of an epoch, or the rest of them."""
    run.model.train()
    rest: Iterable[Any] = train
    if run.batch and not hasattr(train, "load_state_dict"):  # what has a state knows where it was
        rest = islice(train, run.batch, None)
    for x, y in rest:
        run.inputs, run.targets = x, y
        if run.generators:
            run.generators_before = run.generators.state_dict()
        run.step += 1
        run.batch += 1
        run.outputs = outputs = run.model(x)
        run.batch_loss = loss = _loss_of("Trainer.fit", run.loss, train, outputs, y)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"Trainer.fit: the loss is {loss} at step {run.step} (epoch {run.epoch}): {where(run)}; "
                "a smaller learning rate may help"
            )
        run.optimizer.zero_grad()
        run.model.backward(run.loss.backward(), input_grad=False)
        for callback in callbacks:
            callback.on_grad_computed(run)
        run.optimizer.step()
        run.tally.add(outputs, y, loss)
        for callback in callbacks:
            callback.on_batch_end(run)
        check()
        if run.stop:
            break
    run.trained = True


def _validate(run: Run, data: Batches, check: Callable[[], None]) -> dict[str, Any]:
    """Measure; if that is interrupted, nothing has been drawn from the generators of `data`."""
    before = data.state_dict() if hasattr(data, "state_dict") else None
    try:
        return measure("Trainer.fit", run.model, run.loss, data, Tally(run.tally.metrics), check)
    except Interrupted:
        if hasattr(data, "load_state_dict"):
            data.load_state_dict(before)
        raise


def measure(
    function: str, model: Module, loss: Loss, data: Batches, tally: Tally, check: Callable[[], None]
) -> dict[str, Any]:
    """Loss and metrics of a model, in evaluation mode."""
    with Evaluation(model):
        for x, y in data:
            outputs: NDArray[Any] = model(x)
            tally.add(outputs, y, _loss_of(function, loss, data, outputs, y))
            check()
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
