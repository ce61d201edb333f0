"""The base of metrics, and what they share."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..._geometry import shown


class Metric:
    """Something that is counted batch by batch: a subclass writes `reset`, `update` and `value`.

    What it counts is kept in attributes of numbers and arrays, so that a checkpoint in the middle of an epoch has it.

    Attributes
    ----------
    name : str
        The key in `History` and in what `Trainer.evaluate` returns.

    Examples
    --------
    >>> import numpy as np
    >>> class Confidence(Metric):
    ...     name = "confidence"
    ...     def reset(self):
    ...         self.total, self.samples = 0.0, 0
    ...     def update(self, outputs, targets):
    ...         odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    ...         self.total += float((1 / odds.sum(axis=1)).sum())
    ...         self.samples += len(outputs)
    ...     def value(self):
    ...         return self.total / self.samples
    >>> metric = Confidence()
    >>> metric.reset()
    >>> metric.update(np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([0, 0]))
    >>> metric.value()
    0.75
    """

    name: str

    def reset(self) -> None:
        """Forget what was counted."""
        raise NotImplementedError(f"{type(self).__name__} has no reset method")

    def update(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Count a batch: what the model gave, and what the data say."""
        raise NotImplementedError(f"{type(self).__name__} has no update method")

    def value(self) -> Any:
        """The number since `reset`; an array is not recorded in `History`, but `Trainer.evaluate` returns it."""
        raise NotImplementedError(f"{type(self).__name__} has no value method")

    def merge_state(self, other: Self) -> None:
        """Add what another one has counted, for training on several ranks."""
        raise NotImplementedError(f"{type(self).__name__} has no merge_state method, which several ranks need")

    def check_same_kind(self, other: object) -> None:
        """Raise TypeError if `other` is a metric of another class, or none."""
        if type(other) is not type(self):
            raise TypeError(
                f"{type(self).__name__}.merge_state: other must be another {type(self).__name__}, "
                f"got {type(other).__name__}"
            )

    def state_dict(self) -> dict[str, Any]:
        """Copies of all attributes."""
        return deepcopy(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises
        ------
        ValueError
            It is of another metric. Nothing was changed.
        """
        if not isinstance(state, Mapping) or state.keys() != vars(self).keys():
            raise ValueError(f"{type(self).__name__}: state must have {sorted(vars(self))}")
        vars(self).update({key: np.array(value) if isinstance(value, np.ndarray) else value
                           for key, value in state.items()})  # fmt: skip


def class_ids(outputs: NDArray[Any], targets: NDArray[Any]) -> NDArray[Any]:
    """Class ids from targets that may be probabilities in the shape of the outputs.

    Raises TypeError if either is no array, ValueError if the shapes do not fit.
    """
    if not isinstance(outputs, np.ndarray) or not isinstance(targets, np.ndarray):
        raise TypeError(f"update: outputs and targets must be arrays, got {shown(outputs)} and {shown(targets)}")
    ids = targets.argmax(axis=1) if targets.ndim == outputs.ndim > 1 else targets
    if outputs.ndim < 2 or ids.shape != (outputs.shape[0], *outputs.shape[2:]):
        raise ValueError(
            f"update: targets must be ids or probabilities of outputs (N, C, ...), got shapes {targets.shape} "
            f"and {outputs.shape}"
        )
    return ids
