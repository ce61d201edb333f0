"""Learning rates that change while training goes on."""

from collections.abc import Callable
from typing import Any, Protocol

from ..._geometry import shown
from ...functional._options import word
from ...optim.lr_scheduler import ReduceLROnPlateau
from ..run import Run
from .callback import Callback
from .monitored import Monitored


class Scheduler(Protocol):
    """What a schedule has to have; ``step`` of `ReduceLROnPlateau` takes a metric."""

    @property
    def step(self) -> Callable[..., Any]: ...


class LRScheduler(Callback):
    """Let a schedule go on with every step or every epoch; a `ReduceLROnPlateau` gets the metric that it looks at.

    ``Trainer.fit(scheduler=...)`` does the same for one schedule.

    Parameters
    ----------
    scheduler : optim.lr_scheduler.LRScheduler
    every : {"step", "epoch"}, optional
        When its ``step`` is called: after each update of the parameters, or after each epoch and its validation.
        None: ``"epoch"`` for `ReduceLROnPlateau`, ``"step"`` for all others.
    monitor : str, optional
        The metric for `ReduceLROnPlateau`, by its key in `History`. None: ``"val_loss"`` if there is validation data,
        else ``"loss"``.

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
    >>> optimizer = optim.SGD(model.parameters(), lr=1.0)
    >>> halves = LRScheduler(optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5), every="epoch")
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, [halves])
    >>> history = trainer.fit(train, epochs=3, rng=0, progress=False)
    >>> optimizer.param_groups[0]["lr"]
    0.125
    """

    def __init__(self, scheduler: Scheduler, every: str | None = None, monitor: str | None = None) -> None:
        name = "LRScheduler"
        if not callable(getattr(scheduler, "step", None)):
            raise TypeError(f"{name}: scheduler must have a step method, got {shown(scheduler)}")
        self._looks = isinstance(scheduler, ReduceLROnPlateau)
        if every is None:
            every = "epoch" if self._looks else "step"
        self.scheduler = scheduler
        self.every = word(name, "every", every, ("step", "epoch"))
        self.monitor = None if monitor is None else Monitored(name, monitor).monitor
        if self._looks and every == "step":
            raise ValueError(f"{name}: every must be 'epoch' for ReduceLROnPlateau, got 'step'")
        if not self._looks and monitor is not None:
            raise ValueError(f"{name}: monitor must be None but for ReduceLROnPlateau, got {monitor!r}")

    def on_batch_end(self, run: Run) -> None:
        """Go on, if the schedule goes by steps."""
        if self.every == "step":
            self.scheduler.step()

    def on_epoch_end(self, run: Run) -> None:
        """Go on, if the schedule goes by epochs."""
        if self._looks:
            monitor = self.monitor or ("val_loss" if "val_loss" in run.metrics else "loss")
            self.scheduler.step(Monitored("LRScheduler", monitor).value(run))
        elif self.every == "epoch":
            self.scheduler.step()
