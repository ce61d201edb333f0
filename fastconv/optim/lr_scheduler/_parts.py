"""What schedulers that are made of schedulers share."""

from collections.abc import Mapping
from typing import Any

from fastconv._geometry import shown

from .reduce_lr_on_plateau import ReduceLROnPlateau
from .scheduler import LRScheduler


class Composed(LRScheduler):
    """Base of schedulers that have parts, all of one optimizer."""

    _not_saved = LRScheduler._not_saved | {"_schedulers"}

    def __init__(self, optimizer: Any, schedulers: Any) -> None:
        name = type(self).__name__
        if not isinstance(schedulers, list | tuple):
            raise TypeError(f"{name}: schedulers must be a list of schedulers, got {shown(schedulers)}")
        if not schedulers:
            raise ValueError(f"{name}: schedulers is empty")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{name}: schedulers[{i}] must be a scheduler, got {shown(scheduler)}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{name}: schedulers[{i}] is a ReduceLROnPlateau, whose steps need a metric")
            if optimizer is not None and scheduler.optimizer is not optimizer:
                raise ValueError(f"{name}: schedulers[{i}] belongs to another optimizer")
            optimizer = scheduler.optimizer
        self.optimizer = optimizer
        self._schedulers: list[LRScheduler] = list(schedulers)

    def _undo(self) -> None:
        super()._undo()
        for scheduler in self._schedulers:
            scheduler._undo()

    def _rewind(self) -> None:
        super()._rewind()
        for scheduler in self._schedulers:
            scheduler._rewind()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the states of the parts in ``"_schedulers"``."""
        return super().state_dict() | {"_schedulers": [part.state_dict() for part in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, in all parts or none."""
        super().load_state_dict(state_dict)
        for part, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            part.load_state_dict(state)

    def _saved_keys(self) -> set[str]:
        return super()._saved_keys() | {"_schedulers"}

    def _check_state(self, state_dict: Any) -> None:
        super()._check_state(state_dict)
        states = state_dict["_schedulers"]
        if not isinstance(states, list) or len(states) != len(self._schedulers):
            raise ValueError(f"{type(self).__name__}: state_dict needs {len(self._schedulers)} '_schedulers'")
        for part, state in zip(self._schedulers, states, strict=True):
            part._check_state(state)
