"""What a checkpoint of a run is of."""

from collections.abc import Mapping, Sequence
from typing import Any

from .._geometry import shown
from ..checkpoint.parts import Stateful
from .callbacks import Callback, LRScheduler
from .run import Run


class CallbackStates:
    """The states of callbacks, for a checkpoint: those that have one, in their order."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = callbacks

    def _stateful(self) -> list[tuple[Callback, Any]]:
        states = [(callback, callback.state_dict()) for callback in self._callbacks]
        return [(callback, state) for callback, state in states if state]

    def state_dict(self) -> list[Any]:
        return [(type(callback).__name__, state) for callback, state in self._stateful()]

    def load_state_dict(self, saved: Any) -> None:
        stateful = self._stateful()
        ours, theirs = [type(callback).__name__ for callback, _ in stateful], [name for name, _ in saved]
        if ours != theirs:
            raise ValueError(f"they must be {theirs} as before, got {ours}")
        for (callback, before), (_, state) in zip(stateful, saved, strict=True):
            if not isinstance(state, Mapping) or state.keys() != before.keys():
                raise ValueError(f"the state of {type(callback).__name__} must have {list(before)}, got {shown(state)}")
        for (callback, _), (_, state) in zip(stateful, saved, strict=True):
            callback.load_state_dict(state)


def parts_of(run: Run, training: Any, validating: Any, callbacks: Sequence[Callback]) -> dict[str, Stateful]:
    """What a checkpoint is of: everything that the rest of the run depends on."""
    schedules = [callback.scheduler for callback in callbacks if isinstance(callback, LRScheduler)]
    candidates = {
        "model": run.model,
        "rng": run.generators,
        "optimizer": run.optimizer,
        **{f"scheduler{i or ''}": schedule for i, schedule in enumerate(schedules)},
        "loader": training,
        "validation": validating,
        "training": run,
        "callbacks": CallbackStates(callbacks),
    }
    return {name: part for name, part in candidates.items() if hasattr(part, "load_state_dict")}
