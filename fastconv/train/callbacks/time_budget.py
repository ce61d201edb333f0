"""As much training as a given time allows."""

import time
from collections.abc import Mapping
from typing import Any

from ...optim._hyperparameters import number
from ...optim.lr_scheduler import OneCycleLR
from ..run import Run
from .callback import Callback, checked_state

# The cycle has this many places; it is moved to the one that the clock says.
_PLACES = 1000


class TimeBudget(Callback):
    """Train for a given time, with one cycle of the learning rate fitted into it.

    The rate of each group climbs to the one that it has when training starts and descends to almost nothing, as with
    `OneCycleLR`. How far the cycle is, the clock says: slow steps move it further than fast ones. The run ends before
    the first step that would end too late, judged by the steps so far. Time for validation counts as well, and
    for the last one it is left over. If the epochs are over sooner, the cycle goes by them.

    As the rates depend on the clock, two such runs do not have the same bits.

    Parameters
    ----------
    seconds : float
        More than 0. A run that is resumed has what is left of it.

    Raises
    ------
    TypeError, ValueError
        `seconds` is impossible.

    Examples
    --------
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> train, test = fc.data.digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
    >>> history = trainer.fit(train, validation=test, time_budget=0.5, rng=0, progress=False)
    >>> history["val_accuracy"][-1] > 0.8
    True
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = number("TimeBudget", "seconds", seconds, above=True)
        self._before: list[dict[str, Any]] = []
        self._schedule: OneCycleLR | None = None

    @property
    def _cycle(self) -> OneCycleLR:
        if self._schedule is None:
            raise RuntimeError("TimeBudget: training has not begun")
        return self._schedule

    def on_train_begin(self, run: Run) -> None:
        """Start the clock and the cycle."""
        self._before = [dict(group) for group in run.optimizer.param_groups]
        rates = [group["lr"] for group in run.optimizer.param_groups]
        self._schedule = OneCycleLR(run.optimizer, max_lr=rates, total_steps=_PLACES, cycle_momentum=False)
        self._start = self._latest = time.monotonic()
        self._step = self._validation = 0.0

    def on_epoch_begin(self, run: Run) -> None:
        """A step is measured from here."""
        self._latest = time.monotonic()

    def on_batch_end(self, run: Run) -> None:
        """Move the cycle to where the clock is, and stop if there is no time for another step."""
        now = time.monotonic()
        taken, self._latest = now - self._latest, now
        self._step = taken if self._step == 0 else self._step + 0.1 * (taken - self._step)
        usable = self.seconds - self._validation
        elapsed = now - self._start
        done = elapsed / usable if usable > 0 else 1.0
        if run.epochs is not None and run.steps:
            done = max(done, run.step / (run.epochs * run.steps))
        while self._cycle.last_epoch < min(int(done * _PLACES), _PLACES - 1):
            self._cycle.step()
        if elapsed + self._step > usable:
            run.stop = True

    def on_epoch_end(self, run: Run) -> None:
        """Measure the validation."""
        self._validation = time.monotonic() - self._latest

    def on_exit(self, run: Run) -> None:
        """Give the groups the rates that they had."""
        for group, before in zip(run.optimizer.param_groups, self._before, strict=False):
            group.pop("initial_lr", None)
            group.update({key: before[key] for key in ("lr", "initial_lr") if key in before})
        self._before = []

    def state_dict(self) -> dict[str, Any]:
        """The time that was used, and where the cycle is."""
        return {
            "cycle": self._cycle.state_dict(),
            "elapsed": time.monotonic() - self._start,
            "step": self._step,
            "validation": self._validation,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        state = checked_state("TimeBudget", state, "cycle", "elapsed", "step", "validation")
        self._cycle.load_state_dict(state["cycle"])
        self._start = time.monotonic() - state["elapsed"]
        self._step, self._validation = state["step"], state["validation"]
