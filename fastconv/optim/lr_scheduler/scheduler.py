"""The base of schedulers: what they do to an optimizer, and how they are saved."""

from collections.abc import Mapping
from copy import deepcopy
from numbers import Real
from typing import Any, ClassVar, Protocol

from fastconv._geometry import shown

from ._arguments import whole


class HasGroups(Protocol):
    """What a scheduler needs of an optimizer."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Dictionaries with ``"lr"``."""
        ...


class LRScheduler:
    """Base of the schedulers: a subclass writes `get_lr`, which gives one rate per parameter group for `last_epoch`.

    As in PyTorch, most schedulers change the rate that a group has, so that several of them may act on one optimizer.

    Parameters
    ----------
    optimizer : Optimizer
        Anything with ``param_groups``.
    last_epoch : int
        -1 starts anew. Another value continues a schedule after that many steps; the groups then need the
        ``"initial_lr"`` that the first scheduler left in them, and ``"lr"`` must be the rate of the next step.

    Attributes
    ----------
    last_epoch : int
        Number of steps so far.
    base_lrs : list of float
        The first rates of the groups, before any scheduler.

    Raises
    ------
    TypeError
        `optimizer` has no ``param_groups``.
    ValueError
        `last_epoch` continues a schedule that never began.
    """

    _not_saved: ClassVar[frozenset[str]] = frozenset({"optimizer"})
    # What a state_dict of PyTorch's schedulers has that follows from the rest, or is of use to PyTorch alone.
    _ignored: ClassVar[frozenset[str]] = frozenset({"_step_count", "_get_lr_called_within_step", "_is_initial"})

    _one_for_each: ClassVar[frozenset[str]] = frozenset({"base_lrs", "_last_lr", "min_lrs", "_milestones"})
    """Lists of a state that have a number for each group, or for each change of schedules."""

    _may_be_none: ClassVar[frozenset[str]] = frozenset({"best"})
    """Numbers of a state that there may not be yet."""

    last_epoch: int

    def __init__(self, optimizer: HasGroups, last_epoch: int = -1) -> None:
        name = type(self).__name__
        self.optimizer = with_groups(name, optimizer)
        self.last_epoch = whole(name, "last_epoch", last_epoch, -1)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(f"{name}: last_epoch is {last_epoch}, but param_groups[{i}] has no 'initial_lr'")
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self._last_lr: list[float] = []
        self._begin()

    # ---- what a subclass writes

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch` steps, from the rates that the groups have."""
        raise NotImplementedError

    def _first_lr(self) -> list[float]:
        """The rates right after construction; other than `get_lr` where that goes on from the step before."""
        return self.get_lr()

    # ---- steps

    def get_last_lr(self) -> list[float]:
        """The rates that were set last."""
        return list(self._last_lr)

    def step(self) -> None:
        """Go one step on and set the new rates.

        Raises
        ------
        TypeError, ValueError
            There is no rate for the next step. Nothing was changed.
        """
        self._advance(first=False)

    def _advance(self, first: bool) -> None:
        self.last_epoch += 1
        try:
            rates = self._first_lr() if first else self.get_lr()
        except BaseException:
            self.last_epoch -= 1
            raise
        self._set(rates)

    def _set(self, rates: list[float]) -> None:
        """Give the groups their rates."""
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._current()

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    # ---- what compositions of schedulers need

    def _begin(self) -> None:
        """Make the first step, which sets the first rates."""
        self._advance(first=True)

    def _undo(self) -> None:
        """Take back the first step, except for the rates."""
        self.last_epoch -= 1

    def _rewind(self) -> None:
        """Forget all steps, except for the rates."""
        self.last_epoch = -1

    def _restart(self) -> None:
        """Begin anew from the first rates, as the schedule that takes over does."""
        for group, rate in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = rate
        self._rewind()
        self._begin()

    # ---- state

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as a dictionary of plain values, all of them copies."""
        return {key: deepcopy(value) for key, value in vars(self).items() if key not in self._not_saved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave. The rates of the groups are part of the optimizer's state.

        Raises
        ------
        TypeError
            `state_dict` is not a mapping.
        ValueError
            A key is missing or unknown, or a value of another kind. Nothing was changed.
        """
        self._check_state(state_dict)
        own = vars(self).keys() - self._not_saved
        vars(self).update({key: deepcopy(state_dict[key]) for key in own})

    def _saved_keys(self) -> set[str]:
        return set(vars(self)) - self._not_saved

    def _check_state(self, state_dict: Any) -> None:
        name = type(self).__name__
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"{name}: state_dict must be a mapping, got {shown(state_dict)}")
        missing = sorted(self._saved_keys() - state_dict.keys())
        unknown = sorted(map(str, state_dict.keys() - self._saved_keys() - self._ignored))
        if missing or unknown:
            raise ValueError(f"{name}: state_dict lacks {missing} and has unknown {unknown}")
        for key in sorted(vars(self).keys() - self._not_saved):
            own, value = vars(self)[key], state_dict[key]
            if not (_alike(own, value) or (value is None and key in self._may_be_none)):
                raise ValueError(f"{name}: {key} of state_dict must be like {shown(own)}, got {shown(value)}")
            if key in self._one_for_each and len(value) != len(own):
                raise ValueError(f"{name}: {key} of state_dict must have {len(own)} numbers, got {len(value)}")


def _alike(own: Any, value: Any) -> bool:
    """Whether a value is of the kind of another: a flag, a text, a number, or a list of such."""
    if isinstance(own, list):
        return isinstance(value, list) and all(_alike(own[0] if own else 0, item) for item in value)
    for kind in (bool, str):
        if isinstance(own, kind):
            return isinstance(value, kind)
    if own is None or isinstance(own, Real):
        return (isinstance(value, Real) and not isinstance(value, bool)) or (own is None and value is None)
    return True


def with_groups(scheduler: str, optimizer: Any) -> Any:
    """The optimizer, once it is sure that it is one."""
    if not isinstance(getattr(optimizer, "param_groups", None), list):
        raise TypeError(f"{scheduler}: optimizer must be an Optimizer, got {shown(optimizer)}")
    return optimizer
